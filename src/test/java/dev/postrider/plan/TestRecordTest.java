package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerStatus;
import dev.postrider.api.TestSendStatus;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.provider.CsvSource;

final class TestRecordTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");

    @ParameterizedTest
    @CsvSource(textBlock = """
            # failures before, minutes until the next attempt
            0,   1
            1,   2
            2,   4
            3,   8
            4,   16
            5,   32
            6,   60
            7,   60
            500, 60
            """)
    void aTestThatGoesOnFailingIsMadeLessOften(int failuresBefore, int minutes) {
        TestSendStatus record = TestRecord.of(order("same"), failed(), before("same", failuresBefore));

        assertThat(record.failures()).isEqualTo(failuresBefore + 1);
        assertThat(TestRecord.nextAttempt(record)).contains(NOW.plus(Duration.ofMinutes(minutes)));
    }

    @Test
    void otherSettingsStartAnew() {
        TestSendStatus record = TestRecord.of(order("other"), failed(), before("same", 9));

        assertThat(record.failures()).isEqualTo(1);
        assertThat(TestRecord.nextAttempt(record)).contains(NOW.plus(Duration.ofMinutes(1)));
    }

    /** As after a step back to an earlier version; a later one may call a step as this one calls something else. */
    @ParameterizedTest
    @ValueSource(strings = {"OfALaterVersion", "Refused", "Pending"})
    void aStepThatAnotherVersionWroteIsAFailureThatStallsNothing(String step) {
        var world = new GoldenWorld("""
                kind: World
                tests: {acme/mx: Authentication}
                ---
                kind: MailServer
                metadata: {name: mx, namespace: acme, generation: 1}
                spec: {smtp: {host: mx.example}, test: {recipient: it@acme.example}}
                """);
        MailServer server = world.servers.values().iterator().next();
        TestOrder order = MailServerPlan.of(server, world, TestNews.none()).test().orElseThrow();
        MailServerStatus status = MailServerPlan.of(server, world,
                TestNews.finished(order, world.testOf(MailServerPlan.key(server)))).status();
        assertThat(said(status)).contains("Ready False Authentication", "Stalled True Authentication");
        server.setStatus(Serialization.unmarshal(
                Serialization.asJson(status).replace("\"Authentication\"", "\"" + step + "\""),
                MailServerStatus.class));

        assertThat(said(MailServerPlan.of(server, world, TestNews.none()).status()))
                .contains("TestSendSucceeded False Failed", "Ready False Failed")
                .noneMatch(condition -> condition.startsWith("Stalled"));
    }

    private static List<String> said(MailServerStatus status) {
        return Objects.requireNonNull(status.conditions())
                .stream()
                .map(condition -> condition.type() + " " + condition.status() + " " + condition.reason())
                .toList();
    }

    private static @Nullable TestSendStatus before(String fingerprint, int failures) {
        return failures == 0
                ? null
                : new TestSendStatus(NOW.toString(), false, "it@example.com", "mail.example.com:587", null, "1ms", null,
                        null, null, "Timeout", "no reply", failures, NOW.toString(), null, fingerprint);
    }

    private static TestOrder order(String fingerprint) {
        Endpoint endpoint = new Endpoint.Smtp("mail.example.com", 587, Endpoint.Security.STARTTLS, Optional.empty(),
                Duration.ofSeconds(60), Duration.ofSeconds(60), 1, Optional.empty());
        ServerRoute server = new ServerRoute(new ResourceKey("mail", "global"), true, true, endpoint);
        Address from = new Address("postmaster@example.com", Optional.empty());
        return new TestOrder(Optional.empty(),
                new TestMail(server, from, Optional.empty(), from.address(), "it@example.com",
                        "MailServer mail/global"),
                fingerprint, Optional.empty());
    }

    private static TestResult failed() {
        return new TestResult(NOW, Duration.ofMillis(1), "mail.example.com:587", Optional.empty(), Optional.empty(),
                Optional.of(new TestResult.Failure(TestResult.Step.Timeout, "no reply", "")));
    }
}
