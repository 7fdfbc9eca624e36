package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.plan.Installation;
import dev.postrider.relay.routes.Routes;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import dev.postrider.transport.Upstreams;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The resources of a directory and their statuses, without a relay; test mails are sent when the test says so. */
@Tag("promises")
final class LocalClusterTest {
    @TempDir
    Path directory;

    @Test
    void aTestMailThatFailsByADefectHasAnEndWhichTheStatusTells() throws Exception {
        Files.writeString(directory.resolve("server.yaml"), """
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
                """);
        Upstreams defective = _ -> {
            throw new IllegalStateException("a defect");
        };
        Deque<Runnable> threads = new ArrayDeque<>();
        LocalCluster cluster = cluster(new TestSender(defective, InstantSource.system()), threads,
                InstantSource.system(), Optional.empty());
        cluster.declare(Declared.of(new Check(Set.of("postrider-system")).read(List.of(directory)).valid()), true);
        assertThat(cluster.snapshot().settled()).isFalse();
        threads.remove().run();

        Snapshot snapshot = cluster.snapshot();
        assertThat(snapshot.settled()).isTrue();
        assertThat(snapshot.servers().getFirst().ready())
                .hasValueSatisfying(ready -> assertThat(ready.reason() + " " + ready.message()).startsWith(
                        "MessageRejected MessageRejected: the test mail could not be sent by a fault of Postrider "
                                + "(IllegalStateException); look into its log, and report it"));
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
        InstantSource clock = InstantSource.fixed(Instant.parse("2027-01-13T12:00:00Z"));
        LocalCluster cluster = cluster(new TestSender(_ -> {
            throw new AssertionError("no mail server is declared");
        }, clock), new ArrayDeque<>(), clock,
                Optional.of(new Installation.RelayAddress("localhost", 2587, Optional.empty())));
        Declared declared = Declared.of(new Check(Set.of("postrider-system")).read(List.of(directory)).valid());

        cluster.declare(declared, true);

        assertThat(cluster.snapshot().licenseNotices().getFirst().ready())
                .hasValueSatisfying(ready -> assertThat(ready.status() + " " + ready.reason() + " " + ready.message())
                        .isEqualTo("True NotSent due, and not sent: without a cluster no notices are sent"));
    }

    private LocalCluster cluster(TestSender sender, Deque<Runnable> threads, InstantSource clock,
            Optional<Installation.RelayAddress> relay) {
        return new LocalCluster(new Routes(), new BindingDirectories(directory.resolve("bindings")),
                new Installation(Set.of("postrider-system"), true, relay, false,
                        Installation.SupportSettings.OWN, "key"),
                clock,
                new Sends<>(order -> order.mail().server().key(), order -> sender.send(order.mail()),
                        (order, defect) -> sender.failed(order.mail(), defect), 1, threads::add),
                _ -> {});
    }
}
