package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.plan.Installation;
import dev.postrider.relay.routes.Routes;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import dev.postrider.transport.Upstreams;
import java.nio.file.Files;
import java.nio.file.Path;
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
        var sender = new TestSender(defective, InstantSource.system());
        Deque<Runnable> threads = new ArrayDeque<>();
        var cluster = new LocalCluster(new Routes(), new BindingDirectories(directory.resolve("bindings")),
                new Installation(Set.of("postrider-system"), true, Optional.empty(), false,
                        Installation.SupportSettings.OWN, "key"),
                InstantSource.system(),
                new Sends<>(order -> order.mail().server().key(), order -> sender.send(order.mail()),
                        (order, defect) -> sender.failed(order.mail(), defect), 1, threads::add),
                _ -> {});
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
}
