package dev.postrider.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class SendersReportTest {
    private static final List<MailServer> SERVERS = Stream.of("""
            metadata: {name: company, namespace: postrider-system}
            spec:
              scope: Global
              smtp: {host: smtp.company.example}
              senders:
                - namespaces: {matchLabels: {kubernetes.io/metadata.name: acme}}
                  domains: [acme.example]
                - namespaces: {matchExpressions: [{key: team, operator: In, values: [shops]}]}
                  domains: ["*.shops.example"]
            status: {conditions: [{type: SendersRestricted, status: "False", reason: Open, message: ""}]}
            """, """
            metadata: {name: pretends, namespace: attacker}
            spec:
              scope: Global
              smtp: {host: smtp.attacker.example}
              senders: [{namespaces: {}, domains: [victim.example]}]
            status: {conditions: [{type: Ready, status: "False", reason: ScopeNotAllowed, message: ""}]}
            """, """
            metadata: {name: own, namespace: globex}
            spec: {smtp: {host: smtp.globex.example}}
            """, """
            metadata: {name: off, namespace: globex}
            spec: {active: false, smtp: {host: smtp.globex.example}}
            """).map(text -> Serialization.unmarshal(text, MailServer.class)).toList();

    private static OrganizationMailSettings organization(String namespace, String name, String spec) {
        return Serialization.unmarshal("metadata: {name: %s, namespace: %s}\nspec: {%s}".formatted(name, namespace,
                spec), OrganizationMailSettings.class);
    }

    private static SendersReport report(OrganizationMailSettings... organizations) {
        return SendersReport.of(List.of(organizations), SERVERS,
                namespace -> namespace.equals("toys") ? Map.of("team", "shops") : Map.of());
    }

    @Test
    void whatWouldBeRefusedIsListedWithTheGrantsThatAreMissing() {
        SendersReport report = report(
                organization("toys", "granted", "identity: {from: {address: a@eu.shops.example}}"),
                organization("globex", "own", "servers: [{name: own}], identity: {from: {address: a@globex.example}}"),
                organization("globex", "mixed", "servers: [{name: own}, {name: company, namespace: postrider-system}],"
                        + " identity: {from: {address: a@globex.example}}"),
                organization("globex", "off", "servers: [{name: off}, {name: company, namespace: postrider-system}],"
                        + " identity: {from: {address: a@globex.example}}"),
                organization("acme", "shop",
                        "identity: {from: {address: a@ACME.example}, envelopeFrom: \"b@[192.0.2.1]\","
                                + " allowedSenders: [\"@*.acme.example\", a@bücher.example, x@acme.example]}"),
                organization("attacker", "forger", "identity: {from: {address: billing@victim.example}}"));

        assertThat(report.screen(Terminal.plain(new PrintWriter(new StringWriter())))).isEqualTo(
                """
                        senderDomains: Granted would refuse senders of 3 of 6 organizations.

                        NAMESPACE   ORGANIZATION   FIELD                             SENDER                   DOMAIN
                        acme        shop           spec.identity.envelopeFrom        b@[192.0.2.1]            [192.0.2.1]
                        acme        shop           spec.identity.allowedSenders[0]   @*.acme.example          *.acme.example
                        acme        shop           spec.identity.allowedSenders[1]   a@bücher.example         xn--bcher-kva.example
                        attacker    forger         spec.identity.from.address        billing@victim.example   victim.example
                        globex      off            spec.identity.from.address        a@globex.example         globex.example

                        Add to spec of a global MailServer those of these grants that are right:

                        senders:
                        - namespaces:
                            matchLabels:
                              kubernetes.io/metadata.name: "acme"
                          domains:
                          - "*.acme.example"
                          - "xn--bcher-kva.example"
                        - namespaces:
                            matchLabels:
                              kubernetes.io/metadata.name: "attacker"
                          domains:
                          - "victim.example"
                        - namespaces:
                            matchLabels:
                              kubernetes.io/metadata.name: "globex"
                          domains:
                          - "globex.example\"""");
        assertThat(Output.of(report.json(), Output.JSON)).contains("\"domain\" : \"victim.example\"",
                "\"senders\" : [ {");
    }

    @Test
    void whereNothingWouldBeRefusedThatIsSaid() {
        assertThat(report(organization("acme", "shop", "identity: {from: {address: a@acme.example}}"))
                .screen(Terminal.plain(new PrintWriter(new StringWriter()))))
                .isEqualTo("senderDomains: Granted would refuse no sender of 1 organizations.");
    }
}
