package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.operator.kit.Shard;
import dev.postrider.relay.sink.Sink;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.FaultyApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two operators, then three, share the namespaces of one installation. One is cut off, and the old ones still run for a
 * while beside the new ones. Who writes for a namespace is told by each operator's requests, what was sent by the mails.
 */
@Tag("apiserver")
@Tag("scale")
final class ShardsIT {
    private static final int NAMESPACES = Integer.getInteger("postrider.shards.namespaces", 12);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String INSTALLATION = "postrider-system";
    private static final List<String> CUSTOMERS = IntStream.rangeClosed(1, NAMESPACES)
            .mapToObj(i -> "customer-" + i)
            .toList();

    @TempDir
    Path directory;

    private final Map<String, RunningOperator> operators = new LinkedHashMap<>();
    private final Set<String> running = new HashSet<>();
    private volatile Instant now = Instant.parse("2035-01-01T00:00:00Z");
    private ApiServer api;
    private Config direct;
    private Sink sink;
    private RunningRelay relay;

    @BeforeEach
    void install() throws IOException {
        api = ApiServer.start();
        direct = Config.fromKubeconfig(api.kubeconfig().toFile());
        Stream.concat(Stream.of(INSTALLATION), CUSTOMERS.stream())
                .forEach(name -> api.client()
                        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
                        .create());
        sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {});
        relay = new RunningRelay(api, INSTALLATION, directory);
        RunningOperator.writeSettings(api, INSTALLATION, relay.settings() + "leaseDuration: 6s\n");
    }

    @AfterEach
    void end() throws IOException {
        operators.values().forEach(RunningOperator::close);
        relay.close();
        sink.close();
        api.close();
    }

    @Test
    void aNamespaceIsOneOperatorsWhileOneDiesAndAnotherIsAdded() throws Exception {
        start("old 0", 0, 2, direct);
        try (var between = FaultyApiServer.before(api)) {
            start("old 1", 1, 2, between.config());
            awaitLeader("postrider-operator-1");
            start("standby of old 1", 1, 2, direct);

            // An organization may send once a server that another shard holds is active.
            apply(CUSTOMERS.stream().map(name -> server(name, 1) + organization(name)));
            operator("old 0").startRelay();
            apply(Stream.of(globalServer(sink.port())));
            awaitTested(1, CUSTOMERS);
            await().atMost(SOON).untilAsserted(() -> assertThat(notReady()).isEmpty());
            awaitQuiet();
            assertThat(writers()).isEqualTo(byShard(name -> List.of("old " + shard(name, 2))));
            assertThat(writes("old 1")).as("for the installation").noneMatch(ShardsIT::isOfInstallation);

            between.goAway();
            running.remove("old 1");
            change(2, CUSTOMERS);
            awaitTested(2, CUSTOMERS);
            awaitQuiet();
            assertThat(writers()).as("after one is cut off")
                    .isEqualTo(byShard(name -> shard(name, 2) == 0
                            ? List.of("old 0")
                            : List.of("old 1", "standby of old 1")));
        }

        IntStream.range(0, 3).forEach(index -> start("new " + index, index, 3, direct));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(operator("new 2").get("/readyz")).isEqualTo("ok: waits for an "
                        + "operator of another number of shards to end, which may hold its namespaces (lease "
                        + "postrider-operator of 2 shards, postrider-operator-1 of 2 shards)\n"));
        change(3, CUSTOMERS);
        pass("2035-01-12T12:00:00Z");
        awaitTested(3, CUSTOMERS);
        awaitNotified(1);
        awaitQuiet();
        assertThat(Stream.of("new 0", "new 1", "new 2")).allSatisfy(name -> assertThat(writes(name)).isEmpty());

        stop("old 0");
        change(4, CUSTOMERS);
        List<String> waiting = CUSTOMERS.stream()
                .filter(name -> shard(name, 2) == 0 && shard(name, 3) == 2)
                .toList();
        assertThat(waiting).isNotEmpty();
        awaitTested(4, CUSTOMERS.stream().filter(name -> !waiting.contains(name)).toList());
        awaitQuiet();
        assertThat(writes("new 2")).isEmpty();
        assertThat(writes("new 0")).isNotEmpty();

        stop("standby of old 1");
        awaitTested(4, CUSTOMERS);
        pass("2035-01-31T12:00:00Z");
        awaitNotified(2);
        await().atMost(SOON).untilAsserted(() -> assertThat(notReady()).isEmpty());
        awaitQuiet();
        assertThat(writers()).as("in the end")
                .isEqualTo(byShard(name -> Stream.of(
                        shard(name, 2) == 0 ? Stream.of("old 0") : Stream.of("old 1", "standby of old 1"),
                        Stream.of("new " + shard(name, 3))).flatMap(writer -> writer).toList()));
        assertThat(operator("new 2").get("/readyz")).isEqualTo("ok\n");
        assertThat(mails()).isEqualTo(CUSTOMERS.stream()
                .flatMap(name -> Stream.concat(IntStream.rangeClosed(1, 4).mapToObj(test -> recipient(name, test)),
                        Stream.of("administrator@" + name + ".example")))
                .collect(Collectors.toMap(to -> to, to -> to.startsWith("administrator") ? 2L : 1L)));
    }

    private void start(String name, int index, int count, Config way) {
        try {
            operators.put(name,
                    RunningOperator.ofShard(api, way, new Shard(index, count), () -> now, INSTALLATION));
            running.add(name);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int shard(String namespace, int count) {
        return Shard.holding(namespace, count).index();
    }

    private void stop(String name) {
        operator(name).process().close();
        running.remove(name);
    }

    private void awaitLeader(String lease) {
        await().atMost(SOON)
                .until(() -> api.client().leases().inNamespace(INSTALLATION).withName(lease).get() != null);
    }

    private void apply(Stream<String> manifests) {
        var applied = api.kubectlWithInput(manifests.collect(Collectors.joining()), "apply", "--server-side", "-f",
                "-");
        assertThat(applied.exitCode()).as(applied.toString()).isZero();
    }

    /** It is tested, with a mail, whenever its recipient changes. */
    private String server(String namespace, int test) {
        return """
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: own, namespace: %s}
                spec:
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                  test: {recipient: %s}
                """.formatted(namespace, sink.port(), recipient(namespace, test));
    }

    private static String recipient(String namespace, int test) {
        return "test-%d@%s.example".formatted(test, namespace);
    }

    /** Has each server tested once more. */
    private void change(int test, List<String> namespaces) {
        apply(namespaces.stream().map(name -> server(name, test)));
    }

    private void awaitTested(int test, List<String> namespaces) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(mails().keySet()).containsAll(
                        namespaces.stream().map(name -> recipient(name, test)).toList()));
    }

    private void pass(String time) {
        now = Instant.parse(time);
        running.forEach(name -> operator(name).process().lookAgain());
    }

    private void awaitNotified(long times) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(CUSTOMERS).allSatisfy(name -> assertThat(
                        mails().getOrDefault("administrator@" + name + ".example", 0L)).isEqualTo(times)));
    }

    /** How many mails came to whom. */
    private Map<String, Long> mails() {
        return sink.mails()
                .stream()
                .flatMap(mail -> mail.submission().mailboxes().stream())
                .collect(Collectors.groupingBy(to -> to, Collectors.counting()));
    }

    /** What is not Ready as it is now. */
    private List<String> notReady() {
        return Stream.concat(
                api.client()
                        .resources(MailServer.class)
                        .inAnyNamespace()
                        .list()
                        .getItems()
                        .stream()
                        .filter(server -> !isReady(server, server.getStatus().observedGeneration(),
                                server.getStatus().conditions())),
                api.client()
                        .resources(OrganizationMailSettings.class)
                        .inAnyNamespace()
                        .list()
                        .getItems()
                        .stream()
                        .filter(organization -> !isReady(organization, organization.getStatus().observedGeneration(),
                                organization.getStatus().conditions())))
                .map(resource -> resource.getKind() + " " + Lifecycle.key(resource))
                .toList();
    }

    private static boolean isReady(HasMetadata resource, @Nullable Long observed,
            @Nullable List<Condition> conditions) {
        return resource.getMetadata().getGeneration().equals(observed) && Stream.ofNullable(conditions)
                .flatMap(List::stream)
                .anyMatch(c -> c.type().equals("Ready") && c.status() == Condition.Status.True);
    }

    private RunningOperator operator(String name) {
        return Objects.requireNonNull(operators.get(name), name);
    }

    private Stream<WriteRecorder.Write> writes(String operator) {
        return operator(operator).writes().each().stream();
    }

    private static String organization(String namespace) {
        return """
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: shop, namespace: %1$s}
                spec:
                  identity: {from: {address: noreply@%1$s.example, name: Shop}}
                  administrators: [administrator@%1$s.example]
                  servers: [{name: own}]
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: LicenseExpiryNotice
                metadata: {name: license, namespace: %1$s}
                spec:
                  organizationRef: {name: shop}
                  license: {name: Example Console, expiryDate: "2035-01-31"}
                  daysBefore: 20
                """.formatted(namespace);
    }

    private static String globalServer(int port) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: global, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                """.formatted(port);
    }

    private static boolean isOfInstallation(WriteRecorder.Write write) {
        return write.namespace().equals(INSTALLATION) && !write.request().contains("mailservers")
                && !write.request().contains("events");
    }

    /** Who wrote for each namespace, in the order in which they did; one that wrote again after another comes again. */
    private Map<String, List<String>> writers() {
        record By(String operator, WriteRecorder.Write write) {}
        Map<String, List<String>> writers = new TreeMap<>();
        operators.entrySet()
                .stream()
                .flatMap(each -> each.getValue().writes().each().stream().map(write -> new By(each.getKey(), write)))
                .filter(by -> CUSTOMERS.contains(by.write.namespace()))
                .sorted(Comparator.comparingLong(by -> by.write.nanoTime()))
                .forEach(by -> {
                    List<String> before = writers.computeIfAbsent(by.write.namespace(), _ -> new ArrayList<>());
                    if (before.isEmpty() || !before.getLast().equals(by.operator)) {
                        before.add(by.operator);
                    }
                });
        return writers;
    }

    private static Map<String, List<String>> byShard(Function<String, List<String>> writers) {
        return CUSTOMERS.stream().collect(Collectors.toMap(name -> name, writers));
    }

    /** Waits until nobody has written anything for a second. */
    private void awaitQuiet() {
        await().during(Duration.ofSeconds(1)).atMost(SOON).until(new Callable<Boolean>() {
            private long before = -1;

            @Override
            public Boolean call() {
                long all = operators.keySet().stream().mapToLong(name -> writes(name).count()).sum();
                boolean quiet = all == before;
                before = all;
                return quiet;
            }
        });
    }
}
