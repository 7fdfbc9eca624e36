package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FaultyApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An operator whose API server has a bad day: what it asks is bounded, it leads on, and in the end all statuses are
 * true. */
@Tag("scale")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@UsesApiServer
final class ApiServerFaultsIT {
    /** How many organizations; 1,000 in the long form. */
    private static final int ORGANIZATIONS = Integer.getInteger("postrider.faults.organizations", 100);

    /** How long the API server is away; ten minutes in the long form. */
    private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("postrider.faults.away", 3));

    private static final Duration SOON = Duration.ofSeconds(60 + ORGANIZATIONS / 5);

    /** Reconciliations at a time, and what is asked beside them. */
    private static final int MOST_AT_ONCE = 40;

    /** What is kept of one, with a server and a notice, as docs/performance.md has it. */
    private static final long OCTETS_OF_ONE = 16 << 10;

    private ScriptedSmtpServer upstream;
    private FaultyApiServer between;
    private RunningOperator operator;
    private String ending;
    private long keptOfNone;

    /** One for all tests; what it leads to, each tells by the names of its organizations. */
    @BeforeAll
    void start(ApiServer api) throws Exception {
        upstream = ScriptedSmtpServer.start();
        between = FaultyApiServer.before(api);
        ending = api.createNamespace("ending");
        // A leader that is cut off for longer than its lease ends, which FailoverIT looks at.
        operator = RunningOperator.through(api, between.config(), "leaseDuration: 30m\n", ending);
        operator.applyGlobalServer(upstream.port());
        operator.startRelay();
        await().atMost(SOON)
                .until(() -> operator.serverCondition(operator.namespace(), "global", "RelayAvailable")
                        .filter(c -> c.status() == Condition.Status.True)
                        .isPresent());
        awaitQuiet();
        keptOfNone = kept();
    }

    /**
     * What went wrong leaves nothing in memory: there is no more than organizations take where nothing does, and a quarter,
     * for what the virtual machine has loaded meanwhile and a collection leaves.
     */
    @AfterAll
    void stop() throws Exception {
        awaitQuiet();
        between.forgetRequests();
        operator.writes().forget();
        long organizations = Stream.of(operator.tenant(), ending)
                .mapToLong(namespace -> organizations(namespace).size())
                .sum();
        long most = (keptOfNone + organizations * OCTETS_OF_ONE) * 5 / 4;
        try {
            // Connections that are used no more are closed after 30 seconds.
            await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
                long kept = kept();
                System.out.printf("heap after a full collection: %d KiB before, %d KiB with %d organizations%n",
                        keptOfNone >> 10, kept >> 10, organizations);
                assertThat(kept).as("octets of the heap").isLessThan(most);
            });
        } finally {
            close();
        }
    }

    private void close() throws IOException {
        operator.close();
        between.close();
        upstream.close();
    }

    /** Octets of the heap that a full collection leaves; the second one takes what was only reached by cleaners. */
    private static long kept() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @BeforeEach
    void rest() {
        awaitQuiet();
        between.forgetRequests();
        operator.writes().forget();
    }

    /** Whatever happened: one test mail, no more at the same time than it may, and the lease is that of the start. */
    @AfterEach
    void recover() {
        between.recover();
        assertThat(upstream.messages()).as("test mails").hasSize(1);
        assertThat(between.mostUnderWay()).as("requests at the same time").isLessThan(MOST_AT_ONCE);
        LeaseSpec lease = operator.client()
                .leases()
                .inNamespace(operator.namespace())
                .withName("postrider-operator")
                .require()
                .getSpec();
        assertThat(lease.getLeaseTransitions()).as("elections").isZero();
        assertThat(lease.getHolderIdentity()).as("leader").isNotEmpty();
    }

    @Test
    void awayForAWhile() {
        between.goAway();
        create(operator.tenant(), "meanwhile", ORGANIZATIONS, "");
        await().pollDelay(AWAY).atMost(AWAY.plus(SOON)).until(() -> true);
        assertThat(between.requests()).as("of connections that are closed as they come").isEmpty();
        between.recover();

        awaitReady("meanwhile", ORGANIZATIONS);
        assertThat(between.requests()).hasSizeLessThan(requestsFor(ORGANIZATIONS));
    }

    @Test
    void anOperatorThatStartsMeanwhileWaits(ApiServer api) throws Exception {
        Config way = between.config();
        way.setRequestRetryBackoffLimit(0);
        between.refuse(1, 503);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<RunningOperator> starting = threads.submit(() -> RunningOperator.through(api, way, "", ending));
            await().atMost(SOON)
                    .until(() -> between.requests()
                            .stream()
                            .filter(request -> request.endsWith("/configmaps/postrider-settings"))
                            .count() > 1);
            assertThat(starting.isDone()).isFalse();

            between.recover();
            try (var started = starting.get(SOON.toSeconds(), TimeUnit.SECONDS)) {
                assertThat(started.get("/healthz")).isEqualTo("ok\n");
            }
        }
    }

    @Test
    void everyFifthRequestIsRefused() {
        between.refuse(5, 429, 500, 503);
        create(operator.tenant(), "unlucky", ORGANIZATIONS, "");

        awaitReady("unlucky", ORGANIZATIONS);
        assertThat(between.requests()).hasSizeLessThan(requestsFor(ORGANIZATIONS));
    }

    @Test
    void watchesEndSinceTheirVersionIsTooOld() {
        create(operator.tenant(), "kept", ORGANIZATIONS, "");
        awaitReady("kept", ORGANIZATIONS);
        awaitQuiet();
        between.forgetRequests();
        operator.writes().forget();

        between.forgetOldVersions();
        create(operator.tenant(), "new", 1, "");
        awaitReady("new", 1);
        awaitQuiet();

        assertThat(operator.writes().all()).as("writes for the new one alone").hasSizeLessThan(6);
        assertThat(between.requests()).as("listed anew")
                .anyMatch(
                        request -> request
                                .matches("GET .*/namespaces/" + operator.tenant() + "/organizationmailsettings"));
        assertThat(between.requests()).hasSizeLessThan(requestsFor(1));
    }

    @Test
    void everyAnswerComesASecondLater() {
        between.slowBy(Duration.ofSeconds(1));
        create(operator.tenant(), "patient", 8, "");

        awaitReady("patient", 8);
    }

    @Test
    void manyOrganizationsWithTheSameMistake() {
        create(operator.tenant(), "mistaken", ORGANIZATIONS, "servers: [{name: nowhere}]");

        awaitReasons("Ready", operator.tenant(), "mistaken", Map.of("ServerNotFound", ORGANIZATIONS));
        awaitQuiet();
        assertThat(between.requests()).hasSizeLessThan(requestsFor(ORGANIZATIONS));
        between.forgetRequests();
        awaitQuiet();
        assertThat(between.requests()).as("at rest").hasSizeLessThan(20);
    }

    /** As the controller of namespaces does it, which does not run here: it deletes what is in it, kind by kind. */
    @Test
    void aNamespaceIsDeletedWithManyOrganizationsInIt(ApiServer api) {
        create(ending, "ending", ORGANIZATIONS, "");
        awaitReasons("Ready", ending, "ending", Map.of("MailWorks", ORGANIZATIONS));
        awaitQuiet();
        between.forgetRequests();

        api.client().namespaces().withName(ending).delete();
        api.client().secrets().inNamespace(ending).delete();
        api.client().resources(OrganizationMailSettings.class).inNamespace(ending).delete();

        awaitReasons("DeletionConfirmed", ending, "ending", Map.of("ConfirmationMissing", ORGANIZATIONS));
        assertThat(between.requests()).hasSizeLessThan(requestsFor(ORGANIZATIONS));
    }

    /** For so many new organizations; many times that would be requests without back-off. */
    private static int requestsFor(int organizations) {
        return 300 + 12 * organizations;
    }

    /** Beside the operator's way. */
    private void create(String namespace, String prefix, int count, String more) {
        IntStream.range(0, count)
                .mapToObj(number -> """
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: %s-%d, namespace: %s}
                        spec:
                          identity: {from: {address: noreply@acme.example, name: Acme}}
                          %s
                        """.formatted(prefix, number, namespace, more))
                .forEach(manifest -> operator.client().resource(manifest).create());
    }

    private void awaitReady(String prefix, int count) {
        awaitReasons("Ready", operator.tenant(), prefix, Map.of("MailWorks", count));
    }

    /** Until so many organizations have which reason in a condition of their status. */
    private void awaitReasons(String type, String namespace, String prefix, Map<String, Integer> expected) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(organizations(namespace).stream()
                        .filter(organization -> organization.getMetadata().getName().startsWith(prefix + "-"))
                        .collect(Collectors.toMap(organization -> reason(organization, type), _ -> 1, Integer::sum)))
                        .isEqualTo(expected));
    }

    private List<OrganizationMailSettings> organizations(String namespace) {
        return operator.client()
                .resources(OrganizationMailSettings.class)
                .inNamespace(namespace)
                .list()
                .getItems();
    }

    private static String reason(OrganizationMailSettings organization, String type) {
        return Objects.requireNonNullElse(organization.getStatus().conditions(), List.<Condition>of())
                .stream()
                .filter(condition -> condition.type().equals(type))
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
