package dev.postrider.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.LicenseExpiryNoticeStatus.SentNotice;
import dev.postrider.api.LicenseExpiryNoticeStatus.State;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent when, and that nothing is sent twice, by the plan alone: what it orders is sent here in memory. */
@Tag("notices")
final class LicenseNoticePlanTest {
    private static final String ORGANIZATION = """
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: acme}
            spec:
              identity: {from: {address: no-reply@acme.example, name: Acme}}
              administrators: [admin@acme.example]
            status:
              conditions:
                - {type: Ready, status: "True", reason: MailWorks, message: works, lastTransitionTime: "2026-01-01T00:00:00Z"}
            """;
    private static final String NOTICE = """
            kind: LicenseExpiryNotice
            metadata: {name: shop, namespace: acme, uid: 1-2-3, creationTimestamp: "2026-06-01T00:00:00Z"}
            spec:
              organizationRef: {name: acme}
              license: {name: Shop Pro, expiryDate: "2027-01-31"}
              daysBefore: 20
            """;
    private static final NoticeOrder.Id BEFORE = new NoticeOrder.Id(ExpiryNotice.BEFORE,
            java.time.LocalDate.of(2027, 1, 31), false);

    private final GoldenWorld world = new GoldenWorld(ORGANIZATION);
    private final List<String> mails = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private String manifest = NOTICE;
    private LicenseExpiryNotice notice = read(NOTICE);

    private static LicenseExpiryNotice read(String manifest) {
        return Serialization.unmarshal(manifest, LicenseExpiryNotice.class);
    }

    /** Plans at a time, and sends what is ordered as the operator would. */
    private LicenseNoticePlan at(String time) {
        return at(Instant.parse(time), true);
    }

    private LicenseNoticePlan at(String time, boolean accepted) {
        return at(Instant.parse(time), accepted);
    }

    private LicenseNoticePlan at(Instant time, boolean accepted) {
        world.now = time;
        LicenseNoticePlan plan = plan(NoticeNews.none());
        if (!plan.orders().isEmpty()) {
            plan.orders()
                    .forEach(o -> mails.add(time + " " + o.id().notice().text() + " " + o.daysLeft()
                            + (o.id().test() ? " test" : "") + " to " + String.join(" ", o.recipients())));
            plan = plan(new NoticeNews(java.util.Set.of(),
                    plan.orders().stream().map(o -> new NoticeNews.Finished(o, result(accepted))).toList()));
        }
        return plan;
    }

    private LicenseNoticePlan plan(NoticeNews news) {
        LicenseNoticePlan plan = LicenseNoticePlan.of(notice, world, news);
        notice.setStatus(plan.status());
        plan.notices().forEach(n -> events.add(n.reason().toString()));
        return plan;
    }

    private SubmissionResult result(boolean accepted) {
        return new SubmissionResult(world.now(), Duration.ofMillis(5), "relay:587", accepted,
                Optional.of(accepted ? "250 2.0.0 queued" : "451 4.3.2 later"),
                accepted ? Optional.empty() : Optional.of("451 4.3.2 later"));
    }

    private Optional<Condition> condition(String type) {
        return Conditions.find(notice.getStatus().conditions(), ConditionType.valueOf(type));
    }

    private String next() {
        return requireNonNull(notice.getStatus().nextNotice()).time();
    }

    private List<SentNotice> sent() {
        return requireNonNull(notice.getStatus().sent());
    }

    private String ready() {
        return condition("Ready").map(c -> c.status() + " " + c.reason()).orElse("");
    }

    private void edit(String from, String to) {
        assertThat(manifest).contains(from);
        manifest = manifest.replace(from, to);
        LicenseExpiryNotice before = notice;
        notice = read(manifest);
        notice.setStatus(before.getStatus());
    }

    @Test
    void twoMailsAreSentAndEachOnce() {
        at("2026-06-01T00:00:00Z");
        assertThat(next()).isEqualTo("2027-01-12T09:00:00Z");
        assertThat(ready()).isEqualTo("True Scheduled");
        for (Instant time = Instant.parse("2026-12-01T00:30:00Z"); time
                .isBefore(Instant.parse("2027-04-01T00:00:00Z")); time = time.plus(Duration.ofMinutes(30))) {
            at(time, true);
        }

        assertThat(mails).containsExactly("2027-01-12T09:00:00Z before 20 to admin@acme.example",
                "2027-01-31T09:00:00Z onExpiry 1 to admin@acme.example");
        assertThat(events).containsExactly("NoticeScheduled", "NoticeSent", "NoticeScheduled", "NoticeSent",
                "LicenseExpired");
        assertThat(ready()).isEqualTo("True Completed");
        assertThat(notice.getStatus().daysLeft()).isZero();
        assertThat(notice.getStatus().nextNotice()).isNull();
    }

    @ParameterizedTest(name = "the operator comes back at {0}")
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-20T10:00:00Z | before 12                | True Scheduled
            2027-01-30T23:59:59Z | before 2                 | True Scheduled
            2027-01-31T08:00:00Z | ''                       | True Scheduled
            2027-01-31T10:00:00Z | onExpiry 1               | True Completed
            2027-02-01T00:00:00Z | onExpiry 0               | True Completed
            2027-02-07T09:00:00Z | onExpiry -6              | True Completed
            2027-02-07T09:00:01Z | ''                       | False NoticeMissed
            """)
    void whatFellDueInAnAbsenceIsSentAsLongAsItHelps(String time, String sent, String ready) {
        at("2026-06-01T00:00:00Z");

        at(time);

        assertThat(mails.stream().map(m -> m.split(" ", 2)[1].replace(" to admin@acme.example", "")))
                .isEqualTo(sent.isEmpty() ? List.of() : List.of(sent.split(", ")));
        assertThat(ready()).isEqualTo(ready);
    }

    /** Of a license that expires on January 31, with notices at nine. */
    @Tag("promises")
    @ParameterizedTest(name = "created at {0}, {1} days before")
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-29T12:00:00Z | 90 | 2027-01-29T12:00:00Z before 3, 2027-01-31T09:00:00Z onExpiry 1
            2027-01-30T23:59:59Z | 90 | 2027-01-30T23:59:59Z before 2, 2027-01-31T09:00:00Z onExpiry 1
            2027-01-31T08:00:00Z | 90 | 2027-01-31T09:00:00Z onExpiry 1
            2027-01-31T12:00:00Z | 90 | 2027-01-31T12:00:00Z onExpiry 1
            2027-01-31T12:00:00Z | 1  | 2027-01-31T12:00:00Z onExpiry 1
            2026-06-01T00:00:00Z | 1  | 2027-01-31T09:00:00Z onExpiry 1
            2026-06-01T00:00:00Z | 2  | 2027-01-30T09:00:00Z before 2, 2027-01-31T09:00:00Z onExpiry 1
            """)
    void noTwoMailsSayTheSame(Instant created, int daysBefore, String sent) {
        notice = read(NOTICE.replace("2026-06-01T00:00:00Z", created.toString())
                .replace("daysBefore: 20", "daysBefore: " + daysBefore));
        for (Instant time = created; time.isBefore(Instant.parse("2027-02-02T00:00:00Z")); time = requireNonNull(
                plan(NoticeNews.none()).lookAgain().orElse(Instant.MAX))) {
            at(time, true);
        }

        assertThat(String.join(", ", mails).replace(" to admin@acme.example", "")).isEqualTo(sent);
        assertThat(ready()).isEqualTo("True Completed");
        assertThat(events).doesNotContain("NoticeMissed");
    }

    @Test
    @Tag("promises")
    void oneThatGaveWayToTheOtherIsToldOfOnce() {
        at("2026-06-01T00:00:00Z");
        at("2027-01-31T08:00:00Z");
        at("2027-01-31T08:30:00Z");
        at("2027-02-01T08:30:00Z");

        assertThat(events).containsExactly("NoticeScheduled", "NoticeScheduled", "NoticeMissed", "LicenseExpired",
                "NoticeSent");
        assertThat(mails).containsExactly("2027-02-01T08:30:00Z onExpiry 0 to admin@acme.example");
    }

    @Test
    void anIntentIsWrittenFirstAndARestartInBetweenSendsTheSameMailAgain() {
        world.now = Instant.parse("2027-01-12T09:00:00Z");
        NoticeOrder first = plan(NoticeNews.none()).orders().getFirst();
        SentNotice intent = sent().getFirst();
        assertThat(intent.state()).isEqualTo(State.Sending);
        assertThat(ready()).isEqualTo("True Sending");
        assertThat(intent.messageId()).isEqualTo(first.messageId()).endsWith("@acme.example>");
        assertThat(intent.idempotencyKey()).isEqualTo(first.idempotencyKey());

        assertThat(plan(new NoticeNews(java.util.Set.of(BEFORE), List.of())).orders()).as("it is on its way").isEmpty();
        world.now = world.now.plusSeconds(60);
        NoticeOrder again = plan(NoticeNews.none()).orders().getFirst();

        assertThat(again.messageId()).isEqualTo(first.messageId());
        assertThat(again.idempotencyKey()).isEqualTo(first.idempotencyKey());
    }

    @Test
    void namesTheHostOfTheOrganizationsLinks() {
        world.now = Instant.parse("2027-01-12T09:00:00Z");
        assertThat(LicenseNoticePlan.of(read(NOTICE), world, NoticeNews.none()).orders().getFirst().linkHost())
                .isEmpty();
        var linked = new GoldenWorld(
                ORGANIZATION.replace("  administrators:", "  links: {host: links.acme.example}\n  administrators:"));
        linked.now = world.now;
        assertThat(LicenseNoticePlan.of(read(NOTICE), linked, NoticeNews.none()).orders().getFirst().linkHost())
                .contains("links.acme.example");
    }

    @Test
    void twoOperatorsAtALeaderChangeOrderTheSameMail() {
        world.now = Instant.parse("2027-01-12T09:00:00Z");
        NoticeOrder one = LicenseNoticePlan.of(read(NOTICE), world, NoticeNews.none()).orders().getFirst();
        NoticeOrder other = LicenseNoticePlan.of(read(NOTICE), world, NoticeNews.none()).orders().getFirst();

        assertThat(other).isEqualTo(one);
    }

    @Test
    void aClockSetBackSendsNothingAgain() {
        at("2027-01-12T09:00:00Z");
        at("2027-01-01T00:00:00Z");
        at("2027-01-12T09:00:00Z");
        at("2027-01-13T09:00:00Z");

        assertThat(mails).hasSize(1);
    }

    @Test
    void otherRecipientsGetNothingAgainAndAnotherDateStartsAnew() {
        at("2027-01-12T09:00:00Z");
        edit("daysBefore", "recipients: [new@acme.example]\n  daysBefore");
        at("2027-01-12T10:00:00Z");
        assertThat(mails).hasSize(1);

        edit("2027-01-31", "2027-02-20");
        at("2027-01-13T09:00:00Z");
        at("2027-02-01T09:00:00Z");
        edit("2027-02-20", "2027-01-31");
        at("2027-02-01T10:00:00Z");

        assertThat(mails).containsExactly("2027-01-12T09:00:00Z before 20 to admin@acme.example",
                "2027-02-01T09:00:00Z before 20 to new@acme.example",
                "2027-02-01T10:00:00Z onExpiry 0 to new@acme.example");
        assertThat(notice.getStatus().sent()).hasSize(3);
    }

    @ParameterizedTest(name = "{1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            daysBefore              | timeZone: Europe/Berlinn         | spec.timeZone: "Europe/Berlinn" is no time zone
            daysBefore              | language: qq                     | spec.language: "qq" is no language
            daysBefore              | recipients: [a@b@c.example]      | spec.recipients[0]: "a@b@c.example" is no mail address
            daysBefore              | recipients: ["a@x.example, .@"]  | spec.recipients[0]: ".@" is no mail address
            daysBefore              | subject: $[day] left             | spec.subject: "$[day]" is no variable; there are $[days]
            expiryDate: "2027-01-31"| expiryDate: "2027-02-29"         | spec.license.expiryDate: "2027-02-29" is no date
            expiryDate: "2027-01-31"| 'expiryFrom: {secretRef: {name: none}, key: date}' | there is no Secret "none"
            organizationRef: {name: acme} | organizationRef: {name: acne} | there is no OrganizationMailSettings "acne"
            """)
    void anInvalidEditIsNamedAndLosesNothingThatIsScheduled(String field, String value, String message) {
        at("2026-12-01T00:00:00Z");
        edit(field, field.equals("daysBefore") ? value + "\n  daysBefore" : value);

        at("2026-12-02T00:00:00Z");
        assertThat(condition("Ready").orElseThrow().status()).isEqualTo(Condition.Status.False);
        assertThat(condition("Ready").orElseThrow().message()).contains(message)
                .contains("Until then the last valid settings count");
        assertThat(next()).isEqualTo("2027-01-12T09:00:00Z");
        at("2027-01-12T09:00:00Z");

        assertThat(mails).containsExactly("2027-01-12T09:00:00Z before 20 to admin@acme.example");
    }

    @Test
    void nothingIsSentForAResourceThatNeverWasValid() {
        edit("daysBefore", "timeZone: Nowhere/Land\n  daysBefore");

        assertThat(at("2027-01-12T09:00:00Z").lookAgain()).isEmpty();

        assertThat(mails).isEmpty();
        assertThat(condition("Stalled").orElseThrow().reason()).isEqualTo("InvalidSpec");
    }

    @Test
    void fiftyOneRecipientsAreTooManyHoweverTheyAreWritten() {
        String many = String.join(", ", IntStream.range(0, 51).mapToObj(i -> "r" + i + "@acme.example").toList());
        edit("daysBefore", "recipients: [\"" + many + "\"]\n  daysBefore");

        assertThat(LicenseNoticePlan.problems(notice, world)).singleElement()
                .satisfies(p -> assertThat(p.message()).isEqualTo("these are 51 addresses; at most 50 are possible"));
    }

    @Test
    void whatIsBlockedSaysWhyAndIsSentAsSoonAsItWorks() {
        OrganizationMailSettings acme = world.organizations.get(new ResourceKey("acme", "acme"));
        world.organizations.put(new ResourceKey("acme", "acme"), Serialization.unmarshal(
                ORGANIZATION.replace("spec:", "spec:\n  sendingEnabled: false"), OrganizationMailSettings.class));
        at("2027-01-12T09:00:00Z");
        assertThat(ready()).isEqualTo("False SendingDisabled");
        assertThat(condition("Blocked").orElseThrow().message()).contains("switched off");

        world.organizations.put(new ResourceKey("acme", "acme"), acme);
        at("2027-01-14T11:00:00Z");

        assertThat(mails).containsExactly("2027-01-14T11:00:00Z before 18 to admin@acme.example");
        assertThat(condition("Blocked")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            administrators: [admin@acme.example] | sendingEnabled: false           | SendingDisabled
            administrators: [admin@acme.example] | administrators: []              | NoRecipients
            namespace: acme}                     | namespace: acme, deletionTimestamp: "2027-01-01T00:00:00Z"} | OrganizationDeleted
            'status: "True"'                     | 'status: "False"'               | MailNotWorking
            """)
    void whatBlocksANoticeNeedsNobodyToEditIt(String from, String to, String reason) {
        world.organizations.put(new ResourceKey("acme", "acme"), Serialization.unmarshal(
                ORGANIZATION.replace(from, to), OrganizationMailSettings.class));

        at("2027-01-12T09:00:00Z");

        assertThat(condition("Blocked").map(Condition::reason)).contains(reason);
        assertThat(ready()).isEqualTo("False " + reason);
        assertThat(condition("Stalled")).isEmpty();
        assertThat(mails).isEmpty();
    }

    /** The relay knows no way for it, and trying does not help; what helps is another server. */
    @Test
    @Tag("promises")
    void whereAllServersWantTheLoginOfWhoeverSendsNothingIsTried() {
        declare(Serialization.unmarshal("""
                kind: MailServer
                metadata: {name: company, namespace: postrider-system}
                spec: {scope: Global, smtp: {host: mail.example.com}}
                """, MailServer.class));
        declare(server("own", "authentication: {submitter: {}}"));
        organization("servers: [{name: own}]");
        at("2027-01-12T09:00:00Z");

        assertThat(mails).isEmpty();
        assertThat(ready()).isEqualTo("False NoServerForOwnLogin");
        assertThat(condition("Blocked").orElseThrow().message()).isEqualTo("organization \"acme\" has no active mail "
                + "server that takes its own login: acme/own has authentication.submitter, "
                + "so that it wants the login of whoever sends, and mail that Postrider writes has none; name a "
                + "MailServer without it in spec.servers of the organization");
        assertThat(notice.getStatus().sent()).isNull();

        declare(server("other", ""));
        organization("servers: [{name: own}, {name: other}]");
        at("2027-01-12T10:00:00Z");
        assertThat(mails).containsExactly("2027-01-12T10:00:00Z before 20 to admin@acme.example");
    }

    /** With the route that it gets, for it is not tested. */
    private void declare(MailServer server) {
        ResourceKey key = MailServerPlan.key(server);
        world.servers.put(key, server);
        MailServerPlan.of(server, world, TestNews.none()).route().ifPresent(r -> world.serverRoutes.put(key, r));
    }

    private static MailServer server(String name, String authentication) {
        return Serialization.unmarshal("""
                kind: MailServer
                metadata: {name: %s, namespace: acme}
                spec:
                  smtp: {host: mail.example.com, %s}
                """.formatted(name, authentication), MailServer.class);
    }

    private void organization(String servers) {
        world.organizations.put(new ResourceKey("acme", "acme"), Serialization.unmarshal(
                ORGANIZATION.replace("spec:", "spec:\n  " + servers), OrganizationMailSettings.class));
    }

    /** However often it failed before: that is about what was, and not about what works now. */
    @Test
    @Tag("promises")
    void whatFailedAndWasBlockedThenIsSentTheMomentThatItWorks() {
        OrganizationMailSettings acme = world.organizations.get(new ResourceKey("acme", "acme"));
        Instant time = Instant.parse("2027-01-12T09:00:00Z");
        for (int attempt = 0; attempt < 8; attempt++) {
            time = at(time, false).lookAgain().orElseThrow();
        }
        assertThat(sent().getFirst().failures()).isEqualTo(8);
        mails.clear();

        organization("sendingEnabled: false");
        at("2027-01-12T14:00:00Z");
        assertThat(condition("Blocked").orElseThrow().reason()).isEqualTo("SendingDisabled");
        world.organizations.put(new ResourceKey("acme", "acme"), acme);
        at("2027-01-12T14:00:01Z", false);
        at("2027-01-12T14:00:03Z");

        assertThat(mails).as("the relay may learn of it a moment later")
                .containsExactly(
                        "2027-01-12T14:00:01Z before 20 to admin@acme.example",
                        "2027-01-12T14:00:03Z before 20 to admin@acme.example");
    }

    @Test
    void whatTheRelayRefusesIsTriedAgainEverMoreSeldom() {
        at(Instant.parse("2027-01-12T09:00:00Z"), false);
        assertThat(ready()).isEqualTo("False SubmissionFailed");
        assertThat(events).contains("NoticeFailed", "SubmissionFailed");
        SentNotice failed = sent().getFirst();
        assertThat(failed.nextAttemptTime()).isEqualTo("2027-01-12T09:00:02Z");
        at(Instant.parse("2027-01-12T09:00:01Z"), false);
        assertThat(mails).hasSize(1);
        at(Instant.parse("2027-01-12T09:00:02Z"), false);
        assertThat(sent().getFirst().nextAttemptTime()).isEqualTo("2027-01-12T09:00:10Z");
        at("2027-01-12T09:00:10Z");

        assertThat(mails).hasSize(3);
        assertThat(notice.getStatus().sent()).singleElement().satisfies(r -> {
            assertThat(r.state()).isEqualTo(State.Sent);
            assertThat(r.idempotencyKey()).isEqualTo(failed.idempotencyKey());
            assertThat(r.reply()).isEqualTo("250 2.0.0 queued");
        });
    }

    @Test
    void aTestSendsBothMailsAndCountsForNothing() {
        at("2026-12-01T00:00:00Z");
        notice.getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "me@acme.example"));

        at("2026-12-01T00:00:01Z");
        at("2026-12-01T00:00:02Z");

        assertThat(mails).containsExactly("2026-12-01T00:00:01Z before 20 test to me@acme.example",
                "2026-12-01T00:00:01Z onExpiry 1 test to me@acme.example");
        assertThat(notice.getStatus().sent()).isNull();
        assertThat(requireNonNull(notice.getStatus().testSend()).accepted()).isTrue();
        assertThat(events).containsExactly("NoticeScheduled", "TestSendSucceeded");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            Date | "2027-01-31\\n"                                                     | UTC              | 2027-01-31
            JWT  | "e30.eyJleHAiOjE4MDEzNTM2MDB9.c2ln"                                 | UTC              | 2027-01-30
            JWT  | "e30.eyJleHAiOjE4MDEzNTM2MDB9.c2ln"                                 | Pacific/Apia     | 2027-01-31
            Date | "31.1.2027"                                                         | UTC              | holds no date that exists
            Date | "2027-02-29"                                                        | UTC              | holds no date that exists
            JWT  | "e30.e30.c2ln"                                                      | UTC              | holds no JSON Web Token
            JWT  | "no token"                                                          | UTC              | holds no JSON Web Token
            Certificate | "2027-01-31"                                                 | UTC              | holds no certificate in PEM
            """)
    void theDateIsReadFromASecret(String format, String content, String zone, String expected) {
        GoldenWorld withSecret = new GoldenWorld(ORGANIZATION + """
                ---
                kind: Secret
                metadata: {name: license, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                stringData:
                  it: %s
                """.formatted(content));
        withSecret.now = Instant.parse("2026-12-01T00:00:00Z");
        edit("expiryDate: \"2027-01-31\"", "expiryFrom: {secretRef: {name: license}, key: it, format: " + format + "}");
        edit("daysBefore", "timeZone: " + zone + "\n  daysBefore");

        LicenseNoticePlan plan = LicenseNoticePlan.of(notice, withSecret, NoticeNews.none());

        String date = plan.status().expiryDate();
        String ready = Conditions.find(plan.status().conditions(), ConditionType.Ready).orElseThrow().message();
        assertThat(date == null ? ready : date).contains(expected).doesNotContain("31.1.2027", "no token");
    }

    /** A year of ten thousand licenses: planned only when the plan asked for it, with restarts and failures between. */
    @Test
    void tenThousandLicensesGetTheirMailsAndNoneTwiceInAYear() {
        Random random = new Random(7);
        List<String> zones = List.of("UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Pacific/Apia",
                "America/Sao_Paulo", "Australia/Lord_Howe");
        Instant start = Instant.parse("2027-01-01T00:00:00Z");
        List<LicenseExpiryNotice> all = new ArrayList<>();
        PriorityQueue<Map.Entry<Instant, Integer>> wakes = new PriorityQueue<>(
                Comparator.comparing(Map.Entry<Instant, Integer>::getKey));
        LicenseExpiryNotice template = read(NOTICE);
        for (int i = 0; i < 10_000; i++) {
            LicenseExpiryNotice one = Serialization.clone(template);
            one.getMetadata().setUid("uid-" + i);
            var spec = one.getSpec();
            var date = java.time.LocalDate.of(2027, 1, 10).plusDays(random.nextInt(340)).toString();
            one.setSpec(new dev.postrider.api.LicenseExpiryNoticeSpec(spec.organizationRef(),
                    new dev.postrider.api.LicenseExpiryNoticeSpec.License("license " + i, date, null),
                    1 + random.nextInt(90), "en", zones.get(random.nextInt(zones.size())), "09:00", null, null, null,
                    false, false));
            all.add(one);
        }
        world.now = start;
        long began = System.nanoTime();
        for (int i = 0; i < all.size(); i++) {
            LicenseNoticePlan plan = LicenseNoticePlan.of(all.get(i), world, NoticeNews.none());
            assertThat(plan.lookAgain()).isPresent();
            wakes.add(Map.entry(start, i));
        }
        Duration startUp = Duration.ofNanos(System.nanoTime() - began);

        Map<String, Integer> accepted = new HashMap<>();
        Instant end = Instant.parse("2028-02-01T00:00:00Z");
        long plans = 0;
        while (!wakes.isEmpty() && wakes.peek().getKey().isBefore(end)) {
            var wake = wakes.poll();
            LicenseExpiryNotice one = all.get(wake.getValue());
            world.now = wake.getKey();
            LicenseNoticePlan plan = LicenseNoticePlan.of(one, world, NoticeNews.none());
            plans++;
            one.setStatus(plan.status());
            if (!plan.orders().isEmpty()) {
                int luck = random.nextInt(10);
                // The relay keeps what it took by the key; the operator may have died before it heard of that.
                if (luck > 0) {
                    plan.orders().forEach(o -> accepted.merge(o.idempotencyKey(), 1, Integer::sum));
                }
                if (luck != 1) {
                    plan = LicenseNoticePlan.of(one, world, new NoticeNews(java.util.Set.of(), plan.orders()
                            .stream()
                            .map(o -> new NoticeNews.Finished(o, result(luck > 0)))
                            .toList()));
                    one.setStatus(plan.status());
                } else {
                    wakes.add(Map.entry(world.now.plusSeconds(30), wake.getValue()));
                    continue;
                }
            }
            plan.lookAgain().ifPresent(then -> wakes.add(Map.entry(then, wake.getValue())));
        }

        int single = (int) all.stream().filter(one -> one.getSpec().daysBefore() == 1).count();
        assertThat(accepted).as("mails by the key that the relay knows them by").hasSize(20_000 - single);
        assertThat(all).allSatisfy(one -> assertThat(one.getStatus().sent())
                .hasSize(one.getSpec().daysBefore() == 1 ? 1 : 2)
                .allMatch(r -> r.state() == State.Sent));
        assertThat(plans).as("plans in a year").isLessThan(4_500_000);
        System.out.println("the first plans of 10,000 licenses took " + startUp.toMillis() + " ms");
    }
}
