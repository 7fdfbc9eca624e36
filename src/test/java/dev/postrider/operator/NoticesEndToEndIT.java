package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.SentNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.State;
import dev.postrider.api.LicenseExpiryNoticeStatus;
import dev.postrider.relay.sink.Sink;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The notices of {@code examples/}, from {@code kubectl apply} to the mailbox, through a year that is run through. */
@UsesApiServer
@Tag("notices")
final class NoticesEndToEndIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int NOTICES = 8;
    private static final int ATTACKS = Integer.getInteger("postrider.notices", 100);
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: company, namespace: $OPERATOR}
            spec:
              scope: Global
              smtp: {host: 127.0.0.1, port: %d, security: None}
            """;

    @TempDir
    Path directory;

    private volatile Instant now = Instant.now();

    @Test
    void theExamplesComeToExactlyTheirMailsInAYear(ApiServer api) throws Exception {
        try (Sink sink = sink();
                var installation = new RunningInstallation(api, directory, "leaseDuration: 3s", () -> now)) {
            RunningOperator operator = installation.operator();
            operator.apply(SERVER.formatted(sink.port()));
            operator.apply(Files.readString(Path.of("examples/quickstart/20-acme.yaml"))
                    .replace("namespace: acme", "namespace: $TENANT"));
            operator.startRelay();
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "NotTested");
            operator.apply(Files.readString(Path.of("examples/quickstart/40-license-notice.yaml"))
                    .replace("namespace: acme", "namespace: $TENANT"));
            try (Stream<Path> files = Files.list(Path.of("examples/license-notices"))) {
                for (Path file : files.sorted().toList()) {
                    operator.kubectl("apply", "-n", "$TENANT", "-f", file.toString());
                }
            }
            sink.await(1, PATIENCE);
            awaitSettled(operator);

            // Hours before and after each notice, and with all due while nobody looks now and then.
            int step = 0;
            for (String time : List.of("2035-01-12T08:59:59Z", "2035-01-12T09:00:00Z", "2035-01-31T09:00:00Z",
                    "2035-03-01T23:29:59Z", "2035-03-01T23:30:00Z", "2035-03-30T23:30:00Z", "2035-06-17T07:00:00Z",
                    "2035-06-18T09:00:00Z", "2035-06-30T07:00:00Z", "2035-08-05T12:00:00Z", "2035-08-24T12:00:00Z",
                    "2035-09-16T00:00:00Z", "2035-10-03T09:00:00Z", "2035-11-05T12:00:00Z", "2035-12-14T09:00:00Z",
                    "2035-12-20T09:00:00Z", "2036-02-01T00:00:00Z")) {
                now = Instant.parse(time);
                switch (step++) {
                    case 1, 6, 11 -> installation.restartOperator();
                    case 4 -> installation.changeLeader();
                    default -> installation.operator().process().lookAgain();
                }
                awaitSettled(installation.operator());
            }

            await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> installation.relay().queued() == 0);
            assertThat(sink.mails()
                    .stream()
                    .map(m -> name(m.content()) + " to " + String.join(" ", m.submission().mailboxes()))
                    .sorted()
                    .toList()).isEqualTo(expected(installation.operator()));
            assertThat(expected(installation.operator())).hasSize(2 * NOTICES - 1);
            assertThat(sent(installation.operator())).containsExactlyInAnyOrder(
                    "already-expired onExpiry 2026-03-31", "from-certificate before 2035-08-05",
                    "from-certificate onExpiry 2035-08-24", "from-secret before 2035-10-03",
                    "from-secret onExpiry 2035-11-05", "from-token before 2035-12-14",
                    "from-token onExpiry 2035-12-20", "own-text before 2035-06-18", "own-text onExpiry 2035-09-16",
                    "recipients-and-calendar before 2035-06-17", "recipients-and-calendar onExpiry 2035-06-30",
                    "shop-license before 2035-01-12", "shop-license onExpiry 2035-01-31",
                    "time-and-language before 2035-03-01", "time-and-language onExpiry 2035-03-30");
        }
    }

    @Test
    void whatIsBlockedIsSentOnceItWorksAndATestCountsForNothing(ApiServer api) throws Exception {
        now = Instant.parse("2035-01-12T09:00:00Z");
        try (Sink sink = sink(); var installation = new RunningInstallation(api, directory, "", () -> now)) {
            RunningOperator operator = installation.operator();
            operator.apply(Files.readString(Path.of("examples/quickstart/40-license-notice.yaml"))
                    .replace("namespace: acme", "namespace: $TENANT"));
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(condition(operator, "Ready")).contains("False OrganizationNotFound"));
            assertThat(condition(operator, "Blocked")).contains("True OrganizationNotFound");

            operator.apply(SERVER.formatted(sink.port()) + "---\n"
                    + Files.readString(Path.of("examples/quickstart/20-acme.yaml"))
                            .replace("namespace: acme", "namespace: $TENANT"));
            operator.startRelay();

            assertThat(sink.await(1, PATIENCE)).hasSize(1);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(condition(operator, "Ready")).contains("True Scheduled"));
            assertThat(condition(operator, "Blocked")).isEmpty();
            assertThat(operator.get("/metrics")).contains("postrider_license_days_left{", "20.0");
            var before = status(operator, "shop-license").sent();

            operator.kubectl("annotate", "len", "shop-license", "-n", "$TENANT",
                    "postrider.dev/test-send=me@acme.example");

            await().atMost(PATIENCE).until(() -> status(operator, "shop-license").testSend() != null);
            assertThat(sink.await(3, PATIENCE)).hasSize(3);
            assertThat(sink.mails().getLast().submission().mailboxes()).containsExactly("me@acme.example");
            assertThat(status(operator, "shop-license").sent()).isEqualTo(before);
        }
    }

    /** The relay hears of a change beside the operator, so the first try may come too early for it. */
    @Test
    @Tag("promises")
    void whatIsBlockedGoesWithinSecondsOfMailWorkingAgain(ApiServer api) throws Exception {
        Duration ahead = Duration.between(Instant.now(), Instant.parse("2035-01-12T09:00:00Z"));
        try (Sink sink = sink();
                var installation = new RunningInstallation(api, directory, "", () -> Instant.now().plus(ahead))) {
            RunningOperator operator = installation.operator();
            operator.apply(SERVER.formatted(sink.port()));
            operator.apply(Files.readString(Path.of("examples/quickstart/20-acme.yaml"))
                    .replace("namespace: acme", "namespace: $TENANT"));
            operator.startRelay();
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "NotTested");
            String organization = "oms acme -n $TENANT {\"spec\":{\"sendingEnabled\":%s}}";
            String server = "mailserver company -n $OPERATOR {\"spec\":{\"active\":%s}}";
            int mails = 0;
            for (String what : List.of(organization, server)) {
                boolean own = what.equals(organization);
                patch(operator, what.formatted(false));
                installation.awaitOrganization(operator.tenant(), "acme", "Ready",
                        own ? Condition.Status.True : Condition.Status.False,
                        own ? "SendingDisabled" : "NoActiveGlobalServer");
                operator.kubectl("delete", "len", "-n", "$TENANT", "--all");
                operator.apply(Files.readString(Path.of("examples/quickstart/40-license-notice.yaml"))
                        .replace("namespace: acme", "namespace: $TENANT"));
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(condition(operator, "Blocked")).isPresent());
                patch(operator, what.formatted(true));
                sink.await(++mails, Duration.ofSeconds(10));
                assertThat(sink.mails()).as(what).hasSize(mails);
            }
        }
    }

    private static void patch(RunningOperator operator, String what) {
        String[] words = what.split(" ", 5);
        operator.kubectl("patch", words[0], words[1], words[2], words[3], "--type=merge", "-p", words[4]);
    }

    @Test
    void anOperatorThatEndsBeforeItHasWrittenDownThatItSentDoesNotMakeASecondMail(ApiServer api) throws Exception {
        now = Instant.parse("2035-01-12T08:59:59Z");
        try (Sink sink = sink(); var installation = new RunningInstallation(api, directory, "", () -> now)) {
            RunningOperator operator = installation.operator();
            operator.apply(SERVER.formatted(sink.port()) + "---\n"
                    + Files.readString(Path.of("examples/quickstart/20-acme.yaml"))
                            .replace("namespace: acme", "namespace: $TENANT"));
            operator.startRelay();
            installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "NotTested");
            operator.apply(Files.readString(Path.of("examples/quickstart/40-license-notice.yaml"))
                    .replace("namespace: acme", "namespace: $TENANT"));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(condition(operator, "Ready")).contains("True Scheduled"));

            // That it is about to send is written, that it has sent is not.
            operator.writes().lose("PATCH licenseexpirynotices/status shop-license", 1);
            now = Instant.parse("2035-01-12T09:00:00Z");
            operator.process().lookAgain();
            sink.await(1, PATIENCE);
            String messageId = name(sink.mails().getFirst().content());
            assertThat(status(operator, "shop-license").sent()).singleElement()
                    .satisfies(sent -> assertThat(sent.state()).isEqualTo(State.Sending));
            installation.restartOperator();

            RunningOperator next = installation.operator();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(status(next, "shop-license").sent()).singleElement()
                            .satisfies(sent -> assertThat(sent).returns(State.Sent, SentNotice::state)
                                    .returns(messageId, SentNotice::messageId)));
            await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> installation.relay().queued() == 0);
            assertThat(sink.mails()).hasSize(1);
            assertThat(installation.metrics()).containsPattern("postrider_duplicates_total [1-9]");
        }
    }

    private static LicenseExpiryNotice notice(String namespace, String name, String recipient) {
        return Serialization.unmarshal("""
                apiVersion: postrider.dev/v1alpha1
                kind: LicenseExpiryNotice
                metadata: {name: %s, namespace: %s}
                spec:
                  organizationRef: {name: acme}
                  license: {name: Shop Pro, expiryDate: "2035-01-31"}
                  daysBefore: 20
                  recipients: [%s]
                """.formatted(name, namespace, recipient), LicenseExpiryNotice.class);
    }

    private static long mailsTo(Sink sink, String recipient) {
        return sink.mails().stream().filter(m -> m.submission().mailboxes().contains(recipient)).count();
    }

    @Test
    @Tag("isolation")
    void aNamespaceWhoseNoticesAreAllDueInOneMinuteKeepsNobodyElsesWaiting(ApiServer api) throws Exception {
        now = Instant.parse("2035-01-12T08:59:59Z");
        String victim = api.createNamespace("victim");
        try (Sink sink = sink(); var installation = new RunningInstallation(api, directory, "", () -> now, victim)) {
            RunningOperator operator = installation.operator();
            String organization = "---\n" + Files.readString(Path.of("examples/quickstart/20-acme.yaml"));
            operator.apply(SERVER.formatted(sink.port()) + organization.replace("namespace: acme", "namespace: $TENANT")
                    + organization.replace("namespace: acme", "namespace: " + victim));
            operator.startRelay();
            for (String namespace : List.of(operator.tenant(), victim)) {
                installation.awaitOrganization(namespace, "acme", "Ready", Condition.Status.True, "NotTested");
            }
            IntStream.range(0, ATTACKS)
                    .parallel()
                    .mapToObj(i -> notice(operator.tenant(), "n" + i, "a@attacker.example"))
                    .forEach(each -> operator.client().resource(each).create());
            operator.client().resource(notice(victim, "z", "it@victim.example")).create();
            await().atMost(PATIENCE)
                    .until(() -> operator.client()
                            .resources(LicenseExpiryNotice.class)
                            .inAnyNamespace()
                            .list()
                            .getItems()
                            .stream()
                            .filter(each -> List.of(operator.tenant(), victim)
                                    .contains(each.getMetadata().getNamespace()))
                            .filter(each -> each.getStatus() != null && each.getStatus().nextNotice() != null)
                            .count() == ATTACKS + 1);

            now = Instant.parse("2035-01-12T09:00:00Z");
            long began = System.nanoTime();
            operator.process().lookAgain();
            await().atMost(PATIENCE).until(() -> mailsTo(sink, "it@victim.example") == 1);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            long before = mailsTo(sink, "a@attacker.example");
            assertThat(before).as("sent before the victim's").isLessThan(ATTACKS / 4);
            assertThat(took).isLessThan(Duration.ofSeconds(10));
            await().atMost(PATIENCE.multipliedBy(2)).until(() -> mailsTo(sink, "a@attacker.example") == ATTACKS);
            System.out.printf("notices: the victim's after %d ms and %d of %d of the attacker's, all after %d ms%n",
                    took.toMillis(), before, ATTACKS, (System.nanoTime() - began) / 1_000_000);
            assertThat(mailsTo(sink, "it@victim.example")).isEqualTo(1);
        }
    }

    private static Sink sink() throws IOException {
        return Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {});
    }

    private static LicenseExpiryNoticeStatus status(RunningOperator operator, String name) {
        return operator.client()
                .resources(LicenseExpiryNotice.class)
                .inNamespace(operator.tenant())
                .withName(name)
                .require()
                .getStatus();
    }

    private static Optional<String> condition(RunningOperator operator, String type) {
        var conditions = status(operator, "shop-license").conditions();
        return conditions == null
                ? Optional.empty()
                : conditions.stream()
                        .filter(c -> c.type().equals(type))
                        .map(c -> c.status() + " " + c.reason())
                        .findFirst();
    }

    private static List<LicenseExpiryNotice> notices(RunningOperator operator) {
        return operator.client().resources(LicenseExpiryNotice.class).inNamespace(operator.tenant()).list().getItems();
    }

    /** Waits until each status knows the time that is now, and nothing is on its way. */
    private void awaitSettled(RunningOperator operator) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            assertThat(notices(operator)).hasSize(NOTICES).allSatisfy(notice -> {
                var status = notice.getStatus();
                assertThat(status.conditions()).filteredOn(c -> c.type().equals("Ready"))
                        .singleElement()
                        .satisfies(c -> assertThat(c.reason()).isIn("Scheduled", "Completed"));
                assertThat(status.nextNotice() == null
                        || Instant.parse(status.nextNotice().time()).isAfter(now)).isTrue();
            });
        });
    }

    /** What the statuses say was sent, as the sink sees it. */
    private static List<String> expected(RunningOperator operator) {
        return records(operator).stream()
                .map(r -> r.messageId() + " to " + String.join(" ", r.recipients()))
                .sorted()
                .toList();
    }

    private static List<SentNotice> records(RunningOperator operator) {
        return notices(operator).stream()
                .flatMap(n -> Optional.ofNullable(n.getStatus().sent()).orElse(List.of()).stream())
                .toList();
    }

    private List<String> sent(RunningOperator operator) {
        var lines = new ArrayList<String>();
        for (var notice : notices(operator)) {
            for (var record : Optional.ofNullable(notice.getStatus().sent()).orElse(List.of())) {
                boolean old = notice.getMetadata().getName().equals("already-expired");
                lines.add(notice.getMetadata().getName() + " " + record.notice() + " "
                        + (old ? record.expiryDate() : record.time().substring(0, 10)));
            }
        }
        return List.copyOf(new TreeSet<>(lines));
    }

    private static String name(String message) {
        return message.lines()
                .filter(line -> line.regionMatches(true, 0, "Message-ID: ", 0, 12))
                .findFirst()
                .orElseThrow()
                .substring(12)
                .strip();
    }
}
