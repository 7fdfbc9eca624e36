package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus.CapabilitiesStatus;
import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.UnavailableClasses;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of an organization's capabilities when something happens after its mail has worked. */
@Tag("organizations")
final class CapabilitiesTest {
    private static final ResourceKey ACME = new ResourceKey("acme", "acme");
    private static final List<MailClass> ALL = List.of(MailClass.PASSWORD_RECOVERY, MailClass.ALERTS,
            MailClass.NOTIFICATIONS);

    private static String manifests(String tests, String organization) {
        return """
                kind: World
                tests: {postrider-system/global: %s}
                ---
                kind: MailServer
                metadata: {name: global, namespace: postrider-system, generation: 1}
                spec: {scope: Global, smtp: {host: mail.example.com}, test: {recipient: postmaster@example.com}}
                ---
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme, generation: 1%s}
                spec: {identity: {from: {address: noreply@acme.example}}, %s}
                """.formatted(tests,
                organization.contains("deletion") ? ", deletionTimestamp: '2027-01-12T08:00:00Z'" : "",
                organization);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            test of the server | what the organization declares besides | condition         | message                                                   | classes that the relay refuses then
            accepted           | sendingEnabled: true                   | MailWorks         | applications can send alerts                              | none
            accepted           | administrators: ["a@b@c"]              | LastValidSettings | applications can send alerts, with the last valid settings | none
            Authentication      | sendingEnabled: true                   | MailNotProved     | comes when mail works, see Ready: Authentication          | all
            Authentication      | administrators: ["a@b@c"]              | MailNotProved     | comes when mail works, see Ready: InvalidSpec             | all
            accepted           | sendingEnabled: false                  | SendingDisabled   | comes when sending is switched on (spec.sendingEnabled)   | all
            accepted           | deletionConfirmation: Delete           | BeingDeleted      | the organization is being deleted                         | all
            """, useHeadersInDisplayName = true)
    void goTogetherWithTheMail(String test, String organization, String reason, String message, String refused) {
        GoldenWorld worked = new GoldenWorld(manifests("accepted", "sendingEnabled: true"));
        OrganizationPlan before = plan(worked);
        GoldenWorld world = new GoldenWorld(manifests(test, organization));
        before.route().ifPresent(route -> world.organizationRoutes.put(ACME, route));
        acme(world).setStatus(before.status());

        OrganizationPlan now = plan(world);

        for (String type : List.of("PasswordRecoveryAvailable", "AlertsAvailable", "NotificationsAvailable")) {
            assertThat(condition(now, type).reason()).isEqualTo(reason);
        }
        assertThat(condition(now, "AlertsAvailable").message()).startsWith(message);
        assertThat(condition(now, "UsageReportAvailable").reason()).isEqualTo("SwitchedOff");
        assertThat(now.route().orElseThrow().unavailable()).contains(new UnavailableClasses(
                List.of(MailClass.USAGE_REPORT), refused.equals("all") ? ALL : List.of()));
        boolean works = refused.equals("none");
        assertThat(now.status().capabilities())
                .isEqualTo(new CapabilitiesStatus(works, works, works, false));
        now.binding()
                .ifPresent(binding -> assertThat(tellings(binding)).isEqualTo(Map.of(
                        "PASSWORD_RECOVERY_ENABLED", "" + works, "ALERTS_ENABLED", "" + works,
                        "NOTIFICATIONS_ENABLED", "" + works, "USAGE_REPORT_ENABLED", "false")));
    }

    /** Reports go with the organization's own login, which its only server does not take. */
    @Test
    @Tag("promises")
    void reportsAreNotAvailableWhereEverybodyLogsInHimself() {
        GoldenWorld world = new GoldenWorld(manifests("accepted", "capabilities: {usageReport: true}").replace(
                "host: mail.example.com",
                "host: mail.example.com, authentication: {submitter: {testSecretRef: {name: t}}}")
                + """
                        ---
                        kind: Secret
                        metadata: {name: t, namespace: postrider-system, labels: {postrider.dev/credentials: "true"}}
                        stringData: {username: u, password: p}
                        """);
        OrganizationPlan plan = plan(world);

        assertThat(condition(plan, "AlertsAvailable").reason()).isEqualTo("MailWorks");
        assertThat(condition(plan, "UsageReportAvailable")).returns(Condition.Status.False, Condition::status)
                .returns("NoServerForOwnLogin", Condition::reason);
        assertThat(plan.status().capabilities()).isEqualTo(new CapabilitiesStatus(true, true, true, false));
    }

    @Test
    void stayWhileMailIsTestedAgain() {
        GoldenWorld world = new GoldenWorld(manifests("accepted", "administrators: [admin@acme.example]"));
        acme(world).getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "now"));
        OrganizationPlan first = plan(world);
        assertThat(condition(first, "AlertsAvailable").reason()).isEqualTo("MailNotProved");

        GoldenWorld worked = new GoldenWorld(manifests("accepted", "administrators: [admin@acme.example]"));
        acme(worked).setStatus(plan(worked).status());
        acme(worked).getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "now"));
        for (MailServer server : worked.servers.values()) {
            server.setStatus(null);
        }

        OrganizationPlan again = plan(worked);

        assertThat(condition(again, "Ready").reason()).isEqualTo("InProgress");
        assertThat(condition(again, "AlertsAvailable").reason()).isEqualTo("TestedAgain");
        assertThat(condition(again, "AlertsAvailable").message())
                .isEqualTo("applications can send alerts, and mail is being tested again");
    }

    private static Map<String, String> tellings(Binding binding) {
        Map<String, String> tellings = new TreeMap<>(binding.data());
        tellings.keySet().removeIf(key -> !key.endsWith("_ENABLED"));
        return tellings;
    }

    private static OrganizationMailSettings acme(GoldenWorld world) {
        return world.organization(ACME).orElseThrow();
    }

    private static Condition condition(OrganizationPlan plan, String type) {
        return Conditions.find(plan.status().conditions(), ConditionType.valueOf(type)).orElseThrow();
    }

    /** Plans the servers, with their tests, and then the organization. */
    private static OrganizationPlan plan(GoldenWorld world) {
        for (MailServer server : world.servers.values()) {
            ResourceKey key = MailServerPlan.key(server);
            TestOrder order = MailServerPlan.of(server, world, TestNews.none()).test().orElseThrow();
            MailServerPlan plan = MailServerPlan.of(server, world, TestNews.finished(order, world.testOf(key)));
            server.setStatus(plan.status());
            plan.route().ifPresent(route -> world.serverRoutes.put(key, route));
        }
        return OrganizationPlan.of(acme(world), world, OrganizationTestNews.none());
    }
}
