package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A resource that comes before what it names waits, whichever field names it: it is not Stalled, which GitOps tools take
 * for a failure.
 */
final class NotThereYetTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            smtp: {host: a.example, authentication: {password: {secretRef: {name: x}}}}                    | SecretNotFound
            smtp: {host: a.example, authentication: {popBeforeSmtp: {secretRef: {name: x}}}}               | SecretNotFound
            smtp: {host: a.example, authentication: {submitter: {testSecretRef: {name: x}}}}               | SecretNotFound
            smtp: {host: a.example, authentication: {oauth2: {user: u, serviceAccountSecretRef: {name: x}}}} | SecretNotFound
            smtp: {host: a.example, tls: {caSecretRef: {name: x}}}                                         | SecretNotFound
            smtp: {host: a.example, tls: {caConfigMapRef: {name: x, key: ca.crt}}}                         | ConfigMapNotFound
            smtp: {host: a.example, tls: {clientCertificateSecretRef: {name: x}}}                          | SecretNotFound
            smtp: {host: a.example, proxy: {type: HTTP, host: p.example, port: 3128, secretRef: {name: x}}} | SecretNotFound
            microsoftGraph: {tenantId: t.example, mailbox: m@a.example, secretRef: {name: x}}              | SecretNotFound
            microsoftGraph: {tenantId: t.example, mailbox: m@a.example, certificateSecretRef: {name: x}}   | SecretNotFound
            """)
    void aServerWaits(String spec, String reason) throws IOException {
        var world = new GoldenWorld("""
                kind: World
                ---
                kind: MailServer
                metadata: {name: mx, namespace: acme, generation: 1}
                spec:
                  %s
                """.formatted(spec));

        assertThat(MailServerPlan.of(world.servers.values().iterator().next(), world, TestNews.none())
                .status()
                .conditions()).satisfies(conditions -> waits(conditions, reason));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            events: {webhook: {url: "https://e.example/", signingSecretRef: {name: x}}}                    | SecretNotFound
            events: {webhook: {url: "https://e.example/", signingSecretRef: {name: x}, tls: {caSecretRef: {name: x}}}} | SecretNotFound
            events: {webhook: {url: "https://e.example/", signingSecretRef: {name: x}, tls: {caConfigMapRef: {name: x, key: k}}}} | ConfigMapNotFound
            dkim                                                                                           | SecretNotFound
            servers: [{name: x}]                                                                           | ServerNotFound
            """)
    void anOrganizationWaits(String spec, String reason) throws IOException {
        String dkim = ", dkim: [{domain: acme.example, selector: s1, privateKeySecretRef: {name: x, key: tls.key}}]";
        var world = new GoldenWorld("""
                kind: World
                ---
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme, generation: 1}
                spec:
                  identity: {from: {address: no-reply@acme.example}%s}
                  %s
                """.formatted(spec.equals("dkim") ? dkim : "", spec.equals("dkim") ? "sendingEnabled: true" : spec));

        assertThat(OrganizationPlan.of(world.organizations.values().iterator().next(), world,
                OrganizationTestNews.none()).status().conditions()).satisfies(conditions -> waits(conditions, reason));
    }

    private static void waits(List<? extends Condition> conditions, String reason) {
        assertThat(conditions).noneMatch(condition -> condition.type().equals("Stalled"));
        assertThat(conditions).filteredOn(condition -> condition.type().equals("Ready"))
                .singleElement()
                .satisfies(ready -> assertThat(ready.status() + " " + ready.reason()).isEqualTo("False " + reason));
    }
}
