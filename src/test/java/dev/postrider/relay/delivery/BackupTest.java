package dev.postrider.relay.delivery;

import static dev.postrider.relay.TestRoutes.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.PreferredServer;
import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.CountingSmtpServer.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers of an organization with priorities and weights, by real servers that fail and come back. */
@Tag("relay")
@Tag("delivery-world")
final class BackupTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration REST = Duration.ofMillis(700);

    @TempDir
    Path directory;

    private final CountingSmtpServer primary = server();
    private final CountingSmtpServer backup = server();
    private RunningDelivery running;

    private static CountingSmtpServer server() {
        return CountingSmtpServer.start(Duration.ofMillis(2), recipient -> {});
    }

    @BeforeEach
    void start() throws Exception {
        running = new RunningDelivery(directory, REST);
        running.server("primary", primary.port(), false, true, 4);
        running.server("backup", backup.port(), false, true, 4);
        organization("orders", new Preference(0, 1), new Preference(10, 1));
        running.delivery().start();
    }

    private void organization(String name, Preference... preferences) {
        List<String> servers = List.of("primary", "backup");
        running.organization(TestRoutes.organization(name, State.OPEN, "primary", "backup")
                .preferring(Arrays.stream(preferences)
                        .map(p -> new PreferredServer(key(servers.get(Arrays.asList(preferences).indexOf(p))), p))
                        .toList()));
    }

    @AfterEach
    void stop() {
        running.close();
        primary.close();
        backup.close();
    }

    private void send(int messages) throws Exception {
        running.submit("orders", messages);
        running.awaitEmpty("orders", LONG);
    }

    @Test
    void theBackupGetsNothingWhileThePrimaryWorks() throws Exception {
        send(120);
        assertThat(primary.messages()).isEqualTo(120);
        assertThat(backup.connections()).isZero();
    }

    @Test
    void theBackupTakesAllAtOnceWhileThePrimaryFailsAndThePrimaryHasItBackAfterOneMail() throws Exception {
        primary.mode(Mode.REFUSE);
        send(100);
        assertThat(backup.messages()).isEqualTo(100);
        // Three in a row, what was under way by then, and single ones since that should prove it.
        int tries = primary.connections();
        assertThat(tries).isBetween(1, 3 + 4 + 3);

        primary.mode(Mode.TAKE);
        await().atMost(LONG).until(() -> {
            running.submit(key("orders"), "probe@y.example");
            return primary.messages() > 0;
        });
        running.awaitEmpty("orders", LONG);
        // That single one was enough.
        long before = backup.messages();
        send(100);
        assertThat(backup.messages()).isEqualTo(before);
    }

    @Test
    void aServerThatFailsItsProofCostsOneMailEachTime() throws Exception {
        primary.mode(Mode.REFUSE);
        send(50);
        int tries = primary.connections();
        await().atMost(LONG).until(() -> {
            running.submit(key("orders"), "probe@y.example");
            return primary.connections() > tries;
        });
        // A rest of twice the length has begun; a crowd does not try the server.
        send(200);
        assertThat(primary.connections()).isLessThanOrEqualTo(tries + 2);
        assertThat(primary.messages()).isZero();
    }

    @Test
    void whatWaitsForAPrimaryWithoutRoomIsDeliveredByTheBackupWhenThePrimaryBeginsToRest() throws Exception {
        primary.mode(Mode.HANG);
        running.submit("orders", 100);
        // The first four hang until their timeout, the others wait for a place.
        running.awaitEmpty("orders", LONG);
        assertThat(backup.messages()).isEqualTo(100);
        assertThat(primary.messages()).isZero();
    }

    @Test
    void aPrimaryThatIsSwitchedOffLeavesItsMailToTheBackup() throws Exception {
        send(20);
        running.server("primary", primary.port(), false, false, 4);
        await().until(() -> primary.open() == 0);
        send(50);
        assertThat(primary.messages()).isEqualTo(20);
        assertThat(backup.messages()).isEqualTo(50);
    }

    @Test
    void weightsShareARushWithinAPriority() throws Exception {
        organization("orders", new Preference(5, 3), new Preference(5, 1));
        send(240);
        assertThat((double) primary.messages() / 240).isBetween(0.65, 0.85);
        assertThat(backup.messages()).isEqualTo(240 - primary.messages());
    }

    /** One has as backup what is the other's only server: neither keeps the other from places. */
    @Test
    void organizationsOfDifferentOrdersShareAServer() throws Exception {
        running.organization(TestRoutes.organization("alerts", State.OPEN, "backup"));
        running.organization(TestRoutes.organization("news", State.OPEN, "primary", "backup")
                .preferring(List.of(new PreferredServer(key("primary"), new Preference(10, 1)))));
        for (String name : List.of("alerts", "news", "orders")) {
            running.submit(name, 150);
        }
        for (String name : List.of("alerts", "news", "orders")) {
            running.awaitEmpty(name, LONG);
        }
        assertThat(primary.messages()).isEqualTo(150);
        assertThat(backup.messages()).isEqualTo(300);
    }

    @Test
    void globalServersHaveThePreferencesOfTheirRoutes() throws Exception {
        var organization = new ResourceKey("other", "mail");
        running.global("primary", primary.port(), new Preference(20, 1));
        running.global("backup", backup.port(), new Preference(10, 1));
        running.organization(organization);
        for (int i = 0; i < 40; i++) {
            running.submit(organization, "to-" + i + "@y.example");
        }
        await().atMost(LONG).until(() -> running.queue().usage(organization).messages() == 0);
        assertThat(primary.messages()).isZero();
        assertThat(backup.messages()).isEqualTo(40);
    }
}
