package dev.postrider.relay;

import static dev.postrider.relay.TestRoutes.PASSWORD;
import static dev.postrider.relay.TestRoutes.organization;
import static dev.postrider.route.MailClass.ALERTS;
import static dev.postrider.route.MailClass.NOTIFICATIONS;
import static dev.postrider.route.MailClass.PASSWORD_RECOVERY;
import static dev.postrider.route.MailClass.USAGE_REPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.RouteJson;
import dev.postrider.route.UnavailableClasses;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which mail the relay takes by what it is for, from the login or the header field to the server. */
@Tag("organizations")
final class MailClassesTest {
    @TempDir
    Path directory;

    private RelayOfOne relay;

    @BeforeEach
    void start() throws Exception {
        relay = new RelayOfOne(directory, organization("orders", State.OPEN)
                .without(new UnavailableClasses(List.of(PASSWORD_RECOVERY, USAGE_REPORT), List.of(NOTIFICATIONS))),
                InstantSource.system());
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    /** A slash stands for CR LF in what goes before the subject. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            login                         | header fields                              | reply
            orders.shop                   |                                            | 250 2.0.0
            orders.shop                   | Postrider-Class: alerts/                   | 250 2.0.0
            orders.shop                   | postrider-class:  ALERTS /                 | 250 2.0.0
            orders.shop+alerts            |                                            | 250 2.0.0
            orders.shop+Alerts            |                                            | 250 2.0.0
            orders.shop+alerts            | Postrider-Class: alerts/                   | 250 2.0.0
            orders.shop+alerts            | Postrider-Class: notifications/            | 550 5.6.0 Postrider-Class is notifications, and the login is for alerts
            orders.shop                   | Postrider-Class: invoices/                 | 550 5.6.0 Postrider-Class must be there once, with one of password-recovery, alerts, notifications, usage-report
            orders.shop                   | Postrider-Class:/                          | 550 5.6.0 Postrider-Class must be there once, with one of password-recovery, alerts, notifications, usage-report
            orders.shop                   | Postrider-Class: alerts/Postrider-Class: alerts/ | 550 5.6.0 Postrider-Class must be there once, with one of password-recovery, alerts, notifications, usage-report
            orders.shop                   | Postrider-Class: password-recovery/        | 550 5.7.1 mail of class password-recovery is switched off in spec.capabilities of OrganizationMailSettings shop/orders
            orders.shop+password-recovery |                                            | 550 5.7.1 mail of class password-recovery is switched off in spec.capabilities of OrganizationMailSettings shop/orders
            orders.shop+notifications     |                                            | 550 5.7.1 mail of class notifications is not taken while mail is not proved to work; the status of OrganizationMailSettings shop/orders tells why
            orders.shop                   | Postrider-Class: notifications/            | 550 5.7.1 mail of class notifications is not taken while mail is not proved to work; the status of OrganizationMailSettings shop/orders tells why
            orders.shop+invoices          |                                            | 550 5.7.1 there is no class "invoices" of mail; log in with one of password-recovery, alerts, notifications, usage-report after the plus sign
            orders.shop+                  |                                            | 550 5.7.1 there is no class "" of mail; log in with one of password-recovery, alerts, notifications, usage-report after the plus sign
            """, useHeadersInDisplayName = true)
    void isTakenOrRefusedByItsClass(String login, String fields, String reply) throws Exception {
        try (var client = relay.session()) {
            assertThat(client.login(login, PASSWORD)).startsWith("235");
            assertThat(
                    client.mail("orders@example.com", "x@y.example", (fields == null ? "" : fields.replace("/", "\r\n"))
                            + "Subject: it\r\n\r\n"))
                    .startsWith(reply);
        }
        if (reply.startsWith("250")) {
            await().untilAsserted(() -> {
                assertThat(relay.server().messages()).hasSize(1);
                assertThat(relay.relay().queued()).isZero();
            });
            assertThat(relay.server().messages().getFirst().text()).contains("Subject: it")
                    .doesNotContainIgnoringCase("class");
        }
    }

    @Test
    void comesAndGoesWithTheRoute() throws Exception {
        try (var client = relay.session()) {
            assertThat(client.login("orders.shop+notifications", PASSWORD)).startsWith("235");
            assertThat(client.say("MAIL FROM:<orders@example.com>")).startsWith("550 5.7.1");
            relay.routes().put(organization("orders", State.OPEN).without(UnavailableClasses.NONE));
            assertThat(client.say("MAIL FROM:<orders@example.com>")).startsWith("250");
        }
    }

    @Test
    void aWrongPasswordIsWrongWithAnyClass() throws Exception {
        try (var client = relay.session()) {
            assertThat(client.login("orders.shop+alerts", "wrong")).startsWith("535 5.7.8");
        }
    }

    @Test
    void aRouteOfAVersionWithoutClassesRefusesNone() throws Exception {
        OrganizationRoute old = organization("orders", State.OPEN);
        assertThat(old.unavailable()).isEmpty();
        relay.routes().put(RouteJson.read(RouteJson.write(old), OrganizationRoute.class));
        try (var client = relay.session()) {
            assertThat(client.login("orders.shop+password-recovery", PASSWORD)).startsWith("235");
            assertThat(client.say("MAIL FROM:<orders@example.com>")).startsWith("250");
        }
        OrganizationRoute without = old.without(new UnavailableClasses(List.of(ALERTS), List.of(NOTIFICATIONS)));
        assertThat(RouteJson.read(RouteJson.write(without), OrganizationRoute.class)).isEqualTo(without);
    }
}
