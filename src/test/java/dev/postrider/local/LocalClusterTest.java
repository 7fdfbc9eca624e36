package dev.postrider.local;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.postrider.plan.Installation;
import dev.postrider.reconcile.RelayRests;
import dev.postrider.relay.routes.Routes;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import dev.postrider.transport.Upstreams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The resources of a directory and their statuses, without a relay; test mails are sent when the test says so. */
@Tag("promises")
final class LocalClusterTest {
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata:
              name: company
              namespace: postrider-system
            spec:
              scope: Global
              smtp:
                host: localhost
                port: 2525
                security: None
              test:
                recipient: postmaster@company.example
            """;

    @TempDir
    Path directory;

    @TempDir
    Path state;

    private final Deque<Runnable> threads = new ArrayDeque<>();
    private final List<Snapshot> told = new ArrayList<>();

    static Stream<Arguments> defects() {
        return Stream.of(arguments(new IllegalStateException("a defect"), "IllegalStateException"),
                arguments(new StackOverflowError(), "StackOverflowError"));
    }

    @ParameterizedTest
    @MethodSource("defects")
    void aTestMailThatFailsByADefectHasAnEndWhichTheStatusTells(Throwable defect, String name) throws Exception {
        Files.writeString(directory.resolve("server.yaml"), SERVER);
        LocalCluster cluster = cluster(_ -> {
            throw thrown(defect);
        });
        declare(cluster);
        assertThat(cluster.snapshot().settled()).isFalse();
        threads.remove().run();

        assertThat(told.getLast().settled()).isTrue();
        assertThat(told.getLast().servers().getFirst().ready())
                .hasValueSatisfying(ready -> assertThat(ready.reason() + " " + ready.message()).startsWith(
                        "MessageRejected MessageRejected: the test mail could not be sent by a fault of Postrider ("
                                + name + "); look into its log, and report it"));
    }

    private static RuntimeException thrown(Throwable defect) {
        if (defect instanceof Error error) {
            throw error;
        }
        return (RuntimeException) defect;
    }

    @Test
    void aBindingThatCannotBeWrittenIsToldAndStopsNobodyElse() throws Exception {
        Files.writeString(directory.resolve("server.yaml"), SERVER);
        Files.writeString(directory.resolve("organizations.yaml"),
                organization("acme") + "---\n" + organization("shop"));
        // Where a directory should be.
        Path there = state.resolve("bindings/acme/main-mail");
        Files.createDirectories(there.getParent());
        Files.writeString(there, "");
        declare(cluster(_ -> {
            throw new IllegalStateException("no test is sent");
        }));

        assertThat(told.getLast().organizations()).extracting(LocalClusterTest::binding)
                .containsExactly("acme/main: False Refused binding \"main-mail\" is not written: cannot write " + there
                        + " (java.nio.file.FileAlreadyExistsException: " + there
                        + "); see to it that the directory can be written, it is tried again",
                        "shop/main: True Written applications find host, port and login in Secret \"main-mail\"");
        assertThat(state.resolve("bindings/shop/main-mail/password")).isNotEmptyFile();
    }

    private static String binding(Snapshot.Organization organization) {
        return requireNonNull(requireNonNull(organization.status()).conditions())
                .stream()
                .filter(condition -> condition.type().equals("BindingReady"))
                .map(condition -> "%s: %s %s %s".formatted(organization.key(), condition.status(), condition.reason(),
                        condition.message()))
                .findFirst()
                .orElse("");
    }

    private static String organization(String namespace) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: main, namespace: %1$s}
                spec:
                  identity: {from: {address: no-reply@%1$s.example}}
                """.formatted(namespace);
    }

    private LocalCluster cluster(Upstreams upstreams) {
        return cluster(upstreams, InstantSource.system());
    }

    private LocalCluster cluster(Upstreams upstreams, InstantSource clock) {
        var sender = new TestSender(upstreams, clock);
        return new LocalCluster(new Routes(), new BindingDirectories(state.resolve("bindings")),
                new Installation(Set.of("postrider-system"), true,
                        Optional.of(new Installation.RelayAddress("localhost", 2587, Optional.empty())), false,
                        Installation.SupportSettings.OWN, "key"),
                clock,
                new Sends<>(order -> order.mail().server().key(), order -> sender.send(order.mail()),
                        (order, defect) -> sender.failed(order.mail(), defect), 1, threads::add),
                new RelayRests<>("server-rests", List::of, clock),
                new RelayRests<>("mail-rests", List::of, clock), told::add);
    }

    private void declare(LocalCluster cluster) throws IOException {
        cluster.declare(Declared.of(new Check(Set.of("postrider-system")).read(List.of(directory)).valid()), false);
    }

    /** The statuses are forgotten with the process, so that each start would send it anew. */
    @Test
    void aNoticeThatIsDueIsToldOfAndNotSent() throws Exception {
        Files.writeString(directory.resolve("notice.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: LicenseExpiryNotice
                metadata:
                  name: shop
                  namespace: acme
                spec:
                  organizationRef:
                    name: acme
                  license:
                    name: Shop
                    expiryDate: "2027-01-31"
                  daysBefore: 20
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata:
                  name: company
                  namespace: postrider-system
                spec:
                  scope: Global
                  smtp:
                    host: localhost
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata:
                  name: acme
                  namespace: acme
                spec:
                  identity:
                    from:
                      address: no-reply@acme.example
                  administrators:
                    - admin@acme.example
                """);
        LocalCluster cluster = cluster(_ -> {
            throw new AssertionError("no test is ordered");
        }, InstantSource.fixed(Instant.parse("2027-01-13T12:00:00Z")));
        declare(cluster);

        assertThat(cluster.snapshot().licenseNotices().getFirst().ready())
                .hasValueSatisfying(ready -> assertThat(ready.status() + " " + ready.reason() + " " + ready.message())
                        .isEqualTo("True NotSent due, and not sent: without a cluster no notices are sent"));
    }
}
