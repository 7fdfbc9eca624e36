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

/** Two mails about a license: some days before it expires, and on the day that it does. */
@Group(PostriderApi.GROUP)
@Version(PostriderApi.VERSION)
@Singular("licenseexpirynotice")
@Plural("licenseexpirynotices")
@ShortNames("len")
@Categories("postrider")
@JsonClassDescription("Two mails about a license that expires: one some days before, and one on the day. Each is sent "
        + "once, with the identity of an organization and through its servers.")
@AdditionalPrinterColumn(name = "License", jsonPath = ".spec.license.name")
@AdditionalPrinterColumn(name = "Expiry", jsonPath = ".status.expiryDate")
@AdditionalPrinterColumn(name = "Days left", jsonPath = ".status.daysLeft", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Next notice", jsonPath = ".status.nextNotice.time")
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type=='Ready')].status")
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.conditions[?(@.type=='Ready')].reason")
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type=='Ready')].message", priority = 1)
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = AdditionalPrinterColumn.Type.DATE)
@SuppressWarnings("serial")
public class LicenseExpiryNotice extends CustomResource<LicenseExpiryNoticeSpec, LicenseExpiryNoticeStatus>
        implements
            Namespaced {}
