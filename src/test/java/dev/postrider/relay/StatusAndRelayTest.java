package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.relay.delivery.DeliverySettings;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.SmtpLimits;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.relay.smtp.SubmissionPolicy.Admitted;
import dev.postrider.relay.smtp.SubmissionPolicy.Denied;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.MailClass;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The status says what the relay does, whatever people edit and in whatever order. */
@Tag("promises")
final class StatusAndRelayTest {
    private static final int EDITS = 20;
    private static final String NO_LOGIN = "nobody has a login";
    private static final Map<MailClass, String> CAPABILITIES = Map.of(MailClass.PASSWORD_RECOVERY,
            "PasswordRecoveryAvailable", MailClass.ALERTS, "AlertsAvailable", MailClass.NOTIFICATIONS,
            "NotificationsAvailable");

    @TempDir
    Path directory;

    /** {@code -Dpostrider.seed} repeats a failure, {@code -Dpostrider.worlds} takes longer. */
    @Test
    void theStatusSaysWhatTheRelayDoes(TestReporter reporter) throws Exception {
        long seed = Long.getLong("postrider.seed", System.nanoTime());
        int worlds = Integer.getInteger("postrider.worlds", 2_000);
        reporter.publishEntry("seed", "-Dpostrider.seed=" + seed);
        var routes = new Routes();
        var policy = new AtomicReference<SubmissionPolicy>();
        try (var _ = Relay.start(
                new RelaySettings("relay.test", InetAddress.getLoopbackAddress(), 0, 0, 0, directory,
                        SmtpLimits.DEFAULT, false, RelayConfiguration.DEFAULT.received()),
                routes, new RecordingUpstreams(), DeliverySettings.of("relay.test"), Exposure.DEFAULT,
                InstantSource.system(), own -> {
                    policy.set(own);
                    return own;
                })) {
            routes.markComplete();
            for (int history = 0; history * EDITS < worlds; history++) {
                var world = new PlayedWorld(new Random(seed + history), routes);
                for (int edit = 0; edit < EDITS; edit++) {
                    for (var entry : world.organizations().entrySet()) {
                        check(() -> "-Dpostrider.seed=%d, %s after:%n%s%n".formatted(seed, entry.getKey(),
                                String.join("\n", world.history())), entry.getValue(), world.password(entry.getKey()),
                                entry.getKey(), Objects.requireNonNull(policy.get()));
                    }
                    world.edit();
                }
                world.vanish();
            }
        }
    }

    private static void check(Supplier<String> after, OrganizationMailSettings organization, Optional<String> password,
            ResourceKey key, SubmissionPolicy relay) {
        Condition ready = condition(organization, "Ready");
        Optional<Refusal> refusal = password.isEmpty()
                ? Optional.of(new Refusal(535, "5.7.8", NO_LOGIN))
                : submit(relay, RelayLogin.of(key), password.get());
        Supplier<String> why = () -> after.get() + "status: " + ready + "\nrelay: " + refusal + "\n";
        boolean wantsSubmitters = refusal.filter(r -> r.text().contains("log in as")).isPresent();

        if (ready.status() == Status.True) {
            switch (ready.reason()) {
                case "SendingDisabled" -> assertThat(text(refusal)).as(why).contains("spec.sendingEnabled");
                case "MailWorks" -> assertThat(wantsSubmitters).as(why)
                        .isEqualTo(ready.message().contains("logs in as"))
                        .isEqualTo(refusal.isPresent());
                default -> assertThat(refusal.isEmpty() || wantsSubmitters).as(why).isTrue();
            }
        }
        switch (ready.reason()) {
            case "NoActiveGlobalServer", "NoActiveServer" -> assertThat(text(refusal)).as(why)
                    .containsAnyOf("no global mail server is active", "no mail server is active for",
                            "spec.sendingEnabled", NO_LOGIN);
            case "BeingDeleted" -> assertThat(text(refusal)).as(why).contains("is being deleted");
            default -> {
                // The relay may do better than the status says, with the last valid settings.
            }
        }
        if (text(refusal).contains("no global mail server is active")) {
            assertThat(ready.status()).as(why).isNotEqualTo(Status.True);
        }
        boolean sending = refusal.isEmpty() || wantsSubmitters;
        CAPABILITIES.forEach((mailClass, type) -> {
            boolean available = condition(organization, type).status() == Status.True;
            boolean taken = sending && submit(relay, RelayLogin.of(key) + "+" + mailClass.text(),
                    password.orElseThrow()).filter(r -> !r.text().contains("log in as")).isEmpty();
            if (available || !wantsSubmitters) {
                assertThat(available).as(() -> why.get() + type).isEqualTo(taken);
            }
        });
    }

    private static Optional<Refusal> submit(SubmissionPolicy relay, String user, String password) {
        return switch (relay.admit(user, password)) {
            case Admitted _ -> relay.refusal(Optional.of(user));
            case Denied(Refusal refusal) -> Optional.of(refusal);
        };
    }

    private static String text(Optional<Refusal> refusal) {
        return refusal.map(Refusal::text).orElse("the relay takes mail");
    }

    private static Condition condition(OrganizationMailSettings organization, String type) {
        return Objects.requireNonNull(organization.getStatus().conditions())
                .stream()
                .filter(condition -> condition.type().equals(type))
                .findFirst()
                .orElseThrow();
    }
}
