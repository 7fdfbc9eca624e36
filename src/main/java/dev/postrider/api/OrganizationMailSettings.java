package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** One tenant's mail settings: who it is, which servers it sends through, what it may do. */
@Group(PostriderApi.GROUP)
@Version(PostriderApi.VERSION)
@Singular("organizationmailsettings")
@Plural("organizationmailsettings")
@ShortNames("oms")
@Categories("postrider")
@JsonClassDescription("The mail settings of one organization (tenant): who its mail comes from, which servers it goes "
        + "through, and the Secret that its applications send with.")
@AdditionalPrinterColumn(name = "From", jsonPath = ".spec.identity.from.address")
@AdditionalPrinterColumn(name = "Servers", jsonPath = ".status.serverSummary")
@AdditionalPrinterColumn(name = "Binding", jsonPath = ".status.binding.name")
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type=='Ready')].status")
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.conditions[?(@.type=='Ready')].reason")
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type=='Ready')].message", priority = 1)
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = AdditionalPrinterColumn.Type.DATE)
@SuppressWarnings("serial")
public class OrganizationMailSettings
        extends
            CustomResource<OrganizationMailSettingsSpec, OrganizationMailSettingsStatus>
        implements
            Namespaced {}
