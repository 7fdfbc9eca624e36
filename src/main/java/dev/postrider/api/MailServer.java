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

/** An upstream server that takes mail for delivery. */
@Group(PostriderApi.GROUP)
@Version(PostriderApi.VERSION)
@Singular("mailserver")
@Plural("mailservers")
@ShortNames("ms")
@Categories("postrider")
@JsonClassDescription("An upstream server that takes mail for delivery. Postrider checks it, proves it with a test mail "
        + "and sends the mail of organizations through it.")
@AdditionalPrinterColumn(name = "Scope", jsonPath = ".spec.scope")
@AdditionalPrinterColumn(name = "Server", jsonPath = ".status.server")
@AdditionalPrinterColumn(name = "Active", jsonPath = ".spec.active", type = AdditionalPrinterColumn.Type.BOOLEAN)
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type=='Ready')].status")
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.conditions[?(@.type=='Ready')].reason")
@AdditionalPrinterColumn(name = "Tested", jsonPath = ".status.testSend.time", type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(name = "Description", jsonPath = ".spec.description", priority = 1)
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type=='Ready')].message", priority = 1)
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = AdditionalPrinterColumn.Type.DATE)
@SuppressWarnings("serial")
public class MailServer extends CustomResource<MailServerSpec, MailServerStatus> implements Namespaced {}
