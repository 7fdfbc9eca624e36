package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.relay.Dialogue;
import dev.postrider.relay.TestRoutes;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.MountedBinding;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people write reaches the relay within a second, and no session notices but by what it is answered. */
@UsesApiServer
final class RoutesEndToEndIT {
    @TempDir
    Path directory;

    private ScriptedSmtpServer upstream;
    private RunningInstallation installation;
    private RunningOperator operator;

    @BeforeEach
    void start(ApiServer api) throws IOException {
        upstream = ScriptedSmtpServer.start();
        installation = RunningInstallation.whereMailWorks(api, directory, upstream.port());
        operator = installation.operator();
    }

    @AfterEach
    void stop() {
        installation.close();
        upstream.close();
    }

    @Test
    void switchesTakeEffectWithinASecondAndTheSessionStays() throws Exception {
        try (Dialogue session = installation.session(binding())) {
            awaitSender(session, "250 2.1.0 sender OK");

            patch("oms", "acme", operator.tenant(), "{\"spec\":{\"sendingEnabled\":false}}");
            awaitSender(session,
                    "550 5.7.1 sending is switched off for this organization (spec.sendingEnabled)");
            patch("oms", "acme", operator.tenant(), "{\"spec\":{\"sendingEnabled\":true}}");
            awaitSender(session, "250 2.1.0 sender OK");

            patch("ms", "global", operator.namespace(), "{\"spec\":{\"active\":false}}");
            awaitSender(session, "451 4.3.2 sending is switched off: no global mail server is active");
            patch("ms", "global", operator.namespace(), "{\"spec\":{\"active\":true}}");
            awaitSender(session, "250 2.1.0 sender OK");

            assertThat(
                    session.mail("noreply@acme.example", "buyer@example.org", "Subject: after all that\r\n\r\nhello"))
                    .startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: after all that")));
    }

    @Test
    void aRotatedPasswordReplacesTheOldOneWithinASecondAndTheSessionStays() throws Exception {
        MountedBinding old = binding();
        try (Dialogue open = installation.session(old)) {
            operator.kubectl("delete", "secret", "acme-mail", "-n", "$TENANT");
            await().atMost(Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(20))
                    .untilAsserted(() -> assertThat(login(old)).startsWith("535 5.7.8"));

            MountedBinding rotated = binding();
            assertThat(rotated.password()).isNotEqualTo(old.password());
            assertThat(login(rotated)).startsWith("235");
            assertThat(open.mail("noreply@acme.example", "buyer@example.org", "Subject: begun before\r\n\r\nhello"))
                    .startsWith("250");
        }
        await().untilAsserted(() -> assertThat(upstream.messages())
                .anySatisfy(mail -> assertThat(mail.text()).contains("Subject: begun before")));
    }

    private MountedBinding binding() {
        return installation.binding(operator.tenant(), "acme-mail");
    }

    private String login(MountedBinding binding) throws Exception {
        try (Dialogue session = Dialogue.connect(installation.relay().submissionPort())) {
            session.say("EHLO application.test");
            session.say("STARTTLS");
            session.encrypt(TestRoutes.trusting(binding.caCertificate()));
            session.say("EHLO application.test");
            return session.login(binding.user(), binding.password());
        }
    }

    private static void awaitSender(Dialogue session, String reply) {
        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            String now = session.say("MAIL FROM:<noreply@acme.example>");
            session.say("RSET");
            assertThat(now).isEqualTo(reply);
        });
    }

    private void patch(String kind, String name, String namespace, String patch) {
        assertThat(operator.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", patch))
                .endsWith(" patched\n");
    }
}
