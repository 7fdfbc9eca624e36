package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.Address;
import dev.postrider.route.TestMail;
import dev.postrider.testing.DkimVerifier;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From whom the mail comes that Postrider writes itself; reports are the relay's. */
@Tag("organizations")
final class OwnMailTest {
    private static final String KEY = DkimVerifier.key("s", "acme.example", "Ed25519", 0).privateKey();

    private static GoldenWorld world(String sender, String replyTo, String envelopeFrom, String administrators) {
        return new GoldenWorld(
                """
                        kind: Secret
                        metadata: {name: dkim, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                        stringData: {private-key: "%s"}
                        ---
                        kind: MailServer
                        metadata: {name: global, namespace: postrider-system, generation: 1}
                        spec:
                          scope: Global
                          smtp: {host: mail.example.com}
                          sender: %s
                          test: {recipient: postmaster@example.com}
                        ---
                        kind: OrganizationMailSettings
                        metadata: {name: acme, namespace: acme, generation: 1, annotations: {postrider.dev/test-send: "it@x.example"}}
                        spec:
                          identity:
                            from: {address: no-reply@acme.example, name: Acme}
                            replyTo: %s
                            envelopeFrom: %s
                            dkim: [{selector: s, privateKeySecretRef: {name: dkim}}]
                          administrators: [%s]
                        status:
                          conditions:
                            - {type: Ready, status: "True", reason: MailWorks, message: works, lastTransitionTime: "2026-01-01T00:00:00Z"}
                        """
                        .formatted(KEY.replace("\n", "\\n"), sender, replyTo, envelopeFrom, administrators));
    }

    private static TestMail testOfServer(GoldenWorld world) {
        MailServer server = world.servers.values().iterator().next();
        MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
        plan.route().ifPresent(route -> world.serverRoutes.put(MailServerPlan.key(server), route));
        server.setStatus(MailServerPlan.of(server, world,
                TestNews.finished(plan.test().orElseThrow(), world.testOf(MailServerPlan.key(server)))).status());
        world.serverRoutes.put(MailServerPlan.key(server), plan.test().orElseThrow().mail().server());
        return plan.test().orElseThrow().mail();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {address: mail@example.com, name: Mail} | mail@example.com       | Mail
            {address: mail@example.com}             | mail@example.com       |
            null                                    | postmaster@example.com | Postrider
            """)
    void theTestOfAServerComesFromItsSender(String sender, String address, String name) {
        TestMail mail = testOfServer(world(sender, "null", "null", ""));
        assertThat(mail.from()).isEqualTo(new Address(address, Optional.ofNullable(name)));
        assertThat(mail.envelopeFrom()).isEqualTo(address);
        assertThat(mail.dkim()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            null                          | bounces@acme.example | b@acme.example | bounces@acme.example
            {address: help@acme.example}  | null                 | b@acme.example | b@acme.example
            null                          | null                 |                | no-reply@acme.example
            """)
    void testsAndNoticesComeFromTheOrganization(String replyTo, String envelopeFrom, String administrators,
            String expected) {
        GoldenWorld world = world("null", replyTo, envelopeFrom, administrators == null ? "" : administrators);
        testOfServer(world);
        OrganizationMailSettings organization = world.organizations.values().iterator().next();
        Optional<Address> answers = replyTo.equals("null")
                ? Optional.empty()
                : Optional.of(new Address("help@acme.example", Optional.empty()));
        Address from = new Address("no-reply@acme.example", Optional.of("Acme"));

        TestMail test = OrganizationPlan.of(organization, world, OrganizationTestNews.none()).tests().getFirst().mail();
        assertThat(List.of(test.from(), test.replyTo(), test.envelopeFrom()))
                .isEqualTo(List.of(from, answers, expected));
        assertThat(test.dkim()).singleElement().returns("s._domainkey.acme.example", key -> key.recordName());

        world.now = Instant.parse("2027-01-12T09:00:00Z");
        LicenseExpiryNotice notice = Serialization.unmarshal("""
                kind: LicenseExpiryNotice
                metadata: {name: shop, namespace: acme, uid: 1-2-3, creationTimestamp: "2026-06-01T00:00:00Z"}
                spec:
                  organizationRef: {name: acme}
                  license: {name: Shop Pro, expiryDate: "2027-01-31"}
                  daysBefore: 20
                  recipients: [it@acme.example]
                """, LicenseExpiryNotice.class);
        NoticeOrder order = LicenseNoticePlan.of(notice, world, NoticeNews.none()).orders().getFirst();
        assertThat(List.of(order.from(), order.replyTo(), order.envelopeFrom()))
                .isEqualTo(List.of(from, answers, expected));
    }

    @Test
    void theRouteTellsTheRelayForItsReports() {
        GoldenWorld world = world("null", "{address: help@acme.example, name: Help}", "null", "");
        testOfServer(world);
        var route = OrganizationPlan
                .of(world.organizations.values().iterator().next(), world, OrganizationTestNews.none())
                .route()
                .orElseThrow();
        assertThat(route.from()).isEqualTo(new Address("no-reply@acme.example", Optional.of("Acme")));
        assertThat(route.replyTo()).contains(new Address("help@acme.example", Optional.of("Help")));
        assertThat(route.dkim()).hasSize(1);
    }
}
