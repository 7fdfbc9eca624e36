package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FaultyApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An operator whose API server has a bad day: what it asks is bounded, it leads on, and in the end all statuses are
 * true. */
@Tag("scale")
@UsesApiServer
final class ApiServerFaultsIT {
    /** How many organizations; 1,000 in the long form. */
    private static final int ORGANIZATIONS = Integer.getInteger("postrider.faults.organizations", 100);

    /** How long the API server is away; ten minutes in the long form. */
    private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("postrider.faults.away", 3));

    private static final Duration SOON = Duration.ofSeconds(60 + ORGANIZATIONS / 5);

    /** Reconciliations at a time, and what is asked beside them. */
    private static final int MOST_AT_ONCE = 40;

    private ScriptedSmtpServer upstream;
    private FaultyApiServer between;
    private RunningOperator operator;

    @BeforeEach
    void start(ApiServer api) throws Exception {
        upstream = ScriptedSmtpServer.start();
        between = FaultyApiServer.before(api);
        // A leader that is cut off for longer than its lease ends, which FailoverIT looks at.
        operator = RunningOperator.through(api, between.config(), "leaseDuration: 30m\n");
        operator.applyGlobalServer(upstream.port());
        operator.startRelay();
        await().atMost(SOON)
                .until(() -> operator.serverCondition(operator.namespace(), "global", "RelayAvailable")
                        .filter(c -> c.status() == Condition.Status.True)
                        .isPresent());
        awaitQuiet();
        between.forgetRequests();
    }

    @AfterEach
    void stop() throws Exception {
        between.recover();
        operator.close();
        between.close();
        upstream.close();
    }

    @Test
    void awayForAWhile() {
        create("before", 5, "");
        awaitReasons(Map.of("MailWorks", 5));
        awaitQuiet();
        between.forgetRequests();

        between.goAway();
        create("meanwhile", ORGANIZATIONS, "");
        await().pollDelay(AWAY).atMost(AWAY.plus(SOON)).until(() -> true);
        assertThat(between.requests()).as("a connection that is closed as it comes asks for nothing").isEmpty();
        between.recover();

        awaitReasons(Map.of("MailWorks", 5 + ORGANIZATIONS));
        assertThat(between.mostUnderWay()).isLessThan(MOST_AT_ONCE);
        assertThat(between.requests().size()).as("requests").isLessThan(12 * ORGANIZATIONS + 300);
        assertLeadsSinceTheStart();
    }

    @Test
    void everyFifthRequestIsRefused() {
        between.refuse(5, 429, 500, 503);
        create("unlucky", ORGANIZATIONS, "");

        awaitReasons(Map.of("MailWorks", ORGANIZATIONS));
        between.recover();
        awaitQuiet();
        assertThat(between.mostUnderWay()).isLessThan(MOST_AT_ONCE);
        assertThat(between.requests().size()).as("requests").isLessThan(12 * ORGANIZATIONS + 300);
        assertThat(upstream.messages()).as("test mails").hasSize(1);
        assertLeadsSinceTheStart();
    }

    @Test
    void watchesEndSinceTheirVersionIsTooOld() {
        create("kept", ORGANIZATIONS, "");
        awaitReasons(Map.of("MailWorks", ORGANIZATIONS));
        awaitQuiet();
        between.forgetRequests();
        operator.writes().forget();

        between.forgetOldVersions();
        create("new", 1, "");
        awaitReasons(Map.of("MailWorks", ORGANIZATIONS + 1));
        awaitQuiet();

        assertThat(operator.writes().all()).as("writes for the new one alone").hasSizeLessThan(6);
        Map<String, Long> lists = between.requests()
                .stream()
                .filter(request -> request.matches("GET .*/(organizationmailsettings|secrets|mailservers)"))
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        assertThat(lists.keySet()).as("what is listed anew").anyMatch(list -> list.endsWith("organizationmailsettings"));
        assertThat(between.requests().size()).as("requests").isLessThan(200);
        assertLeadsSinceTheStart();
    }

    @Test
    void everyAnswerComesASecondLater() {
        between.slowBy(Duration.ofSeconds(1));
        create("patient", 20, "");

        awaitReasons(Map.of("MailWorks", 20));
        assertThat(between.mostUnderWay()).isLessThan(MOST_AT_ONCE);
        assertLeadsSinceTheStart();
    }

    @Test
    void manyOrganizationsWithTheSameMistake() {
        create("mistaken", ORGANIZATIONS, "servers: {names: [nowhere]}");

        await().atMost(SOON).untilAsserted(() -> assertThat(reasons()).doesNotContainKey("Pending"));
        awaitQuiet();
        assertThat(reasons()).as("one reason for all").hasSize(1).doesNotContainKey("MailWorks");
        assertThat(between.requests().size()).as("requests").isLessThan(12 * ORGANIZATIONS + 300);
        between.forgetRequests();
        awaitQuiet();
        assertThat(between.requests()).as("at rest").hasSizeLessThan(20);
    }

    /** The lease is the one that the operator took when it began. */
    private void assertLeadsSinceTheStart() {
        Lease lease = operator.client().leases().inNamespace(operator.namespace()).withName("postrider-operator").require();
        assertThat(lease.getSpec().getLeaseTransitions()).isZero();
        assertThat(lease.getSpec().getHolderIdentity()).isNotEmpty();
    }

    /** Beside the operator's way. */
    private void create(String prefix, int count, String more) {
        operator.apply(IntStream.range(0, count)
                .mapToObj(number -> """
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: %s-%d, namespace: $TENANT}
                        spec:
                          identity: {from: {address: noreply@acme.example, name: Acme}}
                          %s
                        """.formatted(prefix, number, more))
                .collect(Collectors.joining("---\n")));
    }

    private void awaitReasons(Map<String, Integer> expected) {
        await().atMost(SOON).untilAsserted(() -> assertThat(reasons()).isEqualTo(expected));
    }

    /** How many organizations have which reason for being Ready or not, of a status that is of their last change. */
    private Map<String, Integer> reasons() {
        return operator.client()
                .resources(OrganizationMailSettings.class)
                .inNamespace(operator.tenant())
                .list()
                .getItems()
                .stream()
                .collect(Collectors.toMap(ApiServerFaultsIT::reason, _ -> 1, Integer::sum));
    }

    private static String reason(OrganizationMailSettings organization) {
        return organization.getStatus()
                .conditions()
                .stream()
                .filter(condition -> condition.type().equals("Ready"))
                .map(Condition::reason)
                .findFirst()
                .orElse("none");
    }

    /** Waits until the operator has written nothing for a second. */
    private void awaitQuiet() {
        await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).until(new Callable<Boolean>() {
            private List<String> before = List.of("none");

            @Override
            public Boolean call() {
                List<String> now = List.copyOf(operator.writes().all());
                boolean quiet = Objects.equals(now, before);
                before = now;
                return quiet;
            }
        });
    }
}
