package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.Envelope;
import dev.postrider.testing.ScriptedSmtpServer.Received;
import dev.postrider.testing.ScriptedSmtpServer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that take fewer recipients of a message than it has, or refuse a message for some of them. */
@ParameterizedClass(name = "PIPELINING offered: {0}")
@ValueSource(booleans = {false, true})
@Tag("delivery-world")
final class RecipientGroupsTest {
    private final ScriptedSmtpServer server;
    private final MailUpstreams upstreams = new MailUpstreams("client.test", true, LoopbackUpstreams.POLICY);
    private Upstream upstream;

    RecipientGroupsTest(boolean pipelining) {
        server = ScriptedSmtpServer.start().pipelining(pipelining);
        upstream = upstreams.to(Mails.route(Mails.plain(server.port())));
    }

    @AfterEach
    void close() {
        upstream.close();
        server.close();
    }

    private static Envelope envelope(int recipients) {
        return Mails.envelope(IntStream.range(0, recipients)
                .mapToObj(number -> "r" + number + "@x.test")
                .toArray(String[]::new));
    }

    private Attempt send(int recipients) {
        return upstream.send(envelope(recipients), Mails.text(Mails.TEXT));
    }

    /** "40 accepted", "10 accepted, 1 permanent". */
    private static String summary(Attempt attempt) {
        Map<String, Long> counts = attempt.verdicts()
                .values()
                .stream()
                .collect(Collectors.groupingBy(verdict -> switch (verdict) {
                    case Verdict.Accepted _ -> "accepted";
                    case Verdict.Refused refused when refused.permanent() -> "permanent";
                    case Verdict.Refused _ -> "deferred";
                }, TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).collect(Collectors.joining(", "));
    }

    /** How many recipients each message had that the server took. */
    private String taken() {
        return server.messages()
                .stream()
                .map(message -> String.valueOf(message.recipients().size()))
                .collect(Collectors.joining(" "));
    }

    private void nobodyGotItTwice() {
        List<String> all = server.messages().stream().map(Received::recipients).flatMap(List::stream).toList();
        assertThat(new HashSet<>(all)).hasSameSizeAs(all);
    }

    /** Answers the recipients of a transaction, counted from 1. */
    private void onRecipient(IntFunction<String> reply) {
        int[] count = {0};
        UnaryOperator<String> begin = _ -> {
            count[0] = 0;
            return "";
        };
        server.on("MAIL", begin);
        server.on("RCPT", _ -> reply.apply(++count[0]));
    }

    /** Answers a message by its number of recipients that were taken. */
    private void onMessage(int most, String reply) {
        int[] count = {0};
        server.on("MAIL", _ -> {
            count[0] = 0;
            return "";
        });
        server.on("RCPT", _ -> {
            count[0]++;
            return "";
        });
        server.on("MESSAGE", _ -> count[0] > most ? reply : "");
    }

    @Test
    @Tag("isolation")
    void whatAServerSaysOfOnesRecipientsDoesNotSplitOthersMail() {
        onMessage(1, "554 Transaction failed: Recipient count exceeds 1.");
        NameLookup.in("evil", () -> send(4));
        assertThat(taken()).isEqualTo("1 1 1 1");

        onMessage(100, "");
        server.messages().clear();
        NameLookup.in("shop", () -> send(4));
        assertThat(taken()).isEqualTo("4");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            # server, reply to one too many,                                         what each message had
            Postfix;     452 4.5.3 Error: too many recipients;                       10 10 10 10
            Sendmail;    452 4.5.3 Too many recipients;                              10 10 10 10
            Exim;        452 too many recipients;                                    10 10 10 10
            RFC 821;     552 Too many recipients;                                    10 10 10 10
            RFC 5321;    452 sorry;                                                  10 10 10 10
            Gmail;       550-5.5.3 Too many recipients for this sender               ; 10 10 10 10
            Exchange;    550 5.5.3 RESOLVER.ADR.RecipLimit; 10 10 10 10
            words alone; 450 Too many RCPT commands;                                 10 10 10 10
            one at once; 451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again.; 10 10 10 10
            """)
    void recipientsBeyondWhatAServerTakesGoAtOnceInTheNextTransaction(String ofServer, String reply, String messages) {
        onRecipient(count -> count > 10 ? reply.replaceFirst("^(\\d\\d\\d)-", "$1 ") : "");
        assertThat(summary(send(40))).isEqualTo("40 accepted");
        assertThat(taken()).isEqualTo(messages);
        assertThat(server.connections()).isEqualTo(1);
        nobodyGotItTwice();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            554 Transaction failed: Recipient count exceeds 50.;  50; 60;  30 30
            550 5.5.3 Too many recipients in this message;         20; 100; 13 12 13 12 13 13 13 11
            452 4.5.3 Too many recipients;                         1;  5;   1 1 1 1 1
            """)
    void aMessageThatIsRefusedForItsRecipientsIsTriedForEachHalf(String reply, int most, int recipients,
            String messages) {
        onMessage(most, reply);
        assertThat(summary(send(recipients))).isEqualTo(recipients + " accepted");
        assertThat(taken()).isEqualTo(messages);
        assertThat(server.connections()).isEqualTo(1);
        nobodyGotItTwice();
    }

    @Test
    void whatWasLearnedHoldsForAllConnectionsUntilTheServerIsDeclaredOtherwise() {
        onMessage(50, "554 Transaction failed: Recipient count exceeds 50.");
        send(60);
        upstream.close();
        upstream = upstreams.to(Mails.route(Mails.plain(server.port())));
        server.commands().clear();
        assertThat(summary(send(60))).isEqualTo("60 accepted");
        assertThat(server.commands()).filteredOn(command -> command.startsWith("MAIL")).hasSize(2);

        upstream.close();
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(55))));
        server.commands().clear();
        send(60);
        assertThat(server.commands()).filteredOn(command -> command.startsWith("MAIL")).hasSize(4);
        nobodyGotItTwiceIn(3);
    }

    private void nobodyGotItTwiceIn(int mails) {
        assertThat(server.messages().stream().mapToInt(message -> message.recipients().size()).sum())
                .isEqualTo(60 * mails);
    }

    @Test
    void aServerIsNamedNoMoreRecipientsThanDeclared() {
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(3))));
        assertThat(summary(send(10))).isEqualTo("10 accepted");
        assertThat(taken()).isEqualTo("3 3 3 1");
        assertThat(server.commands()).filteredOn("RSET"::equals).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            # refuses all for ever,            recipients, verdicts,     transactions at most
            452 4.5.3 Too many recipients;          100;   100 deferred;     1
            552 Too many recipients;                100;   100 deferred;     1
            450 too many recipients;                  1;   1 deferred;       1
            550 5.5.3 Too many recipients;            8;   8 permanent;     15
            450 4.2.0 greylisted;                   100;   100 deferred;     1
            450 4.7.1 Too many recipients per hour; 100;   100 deferred;     1
            """)
    void aServerThatTakesNobodyEndsTheAttempt(String reply, int recipients, String verdicts, int most) {
        server.on("RCPT", reply);
        assertThat(summary(send(recipients))).isEqualTo(verdicts);
        assertThat(server.commands()).filteredOn(command -> command.startsWith("MAIL")).hasSizeLessThanOrEqualTo(most);
    }

    @Test
    void aServerThatRefusesEvenASingleRecipientAfterTheMessageIsNotAskedWithoutEnd() {
        server.on("MESSAGE", "554 Transaction failed: Recipient count exceeds 50.");
        assertThat(summary(send(100))).isEqualTo("75 deferred, 25 permanent");
        assertThat(server.commands()).filteredOn("DATA"::equals).hasSize(32);
    }

    @Test
    void aLargeMessageIsSentInVainLessOften() {
        server.on("MESSAGE", "554 Transaction failed: Recipient count exceeds 50.");
        upstream.send(envelope(100),
                Mails.bytes(("x".repeat(998) + "\r\n").repeat(12_000).getBytes(StandardCharsets.US_ASCII)));
        assertThat(server.commands()).filteredOn("DATA"::equals).hasSize(8);
    }

    @Test
    void aMessageThatIsTooLargeForTheServerIsNotSentToTheOthersAsWell() {
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(10))));
        server.on("MESSAGE", "552 5.3.4 too large");
        assertThat(summary(send(40))).isEqualTo("40 permanent");
        assertThat(server.commands()).filteredOn("DATA"::equals).hasSize(1);
    }

    @Test
    void aSessionThatTakesNoMoreAfterTenIsFollowedByAnother() {
        int[] inSession = {0};
        server.on("EHLO", _ -> {
            inSession[0] = 0;
            return "";
        });
        server.on("RCPT", _ -> ++inSession[0] > 10 ? "452 4.5.3 Too many recipients in this session" : "");
        assertThat(summary(send(35))).isEqualTo("35 accepted");
        assertThat(taken()).isEqualTo("10 10 10 5");
        assertThat(server.connections()).isEqualTo(4);
        nobodyGotItTwice();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            421 4.7.0 Too many messages in this session; 40 accepted
            (close);                                     40 accepted
            """)
    void aSessionThatEndsBetweenTransactionsIsFollowedByAnotherForTheRest(String reply, String verdicts) {
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(10))));
        int[] mails = {0};
        server.on("MAIL", _ -> ++mails[0] % 2 == 0 ? reply : "");
        assertThat(summary(send(40))).isEqualTo(verdicts);
        assertThat(taken()).isEqualTo("10 10 10 10");
        nobodyGotItTwice();
    }

    @Test
    void aServerThatGoesAwayBetweenTransactionsIsLeftAloneAndWhoHasTheMailDoesNotGetItAgain() {
        upstream = upstreams.to(Mails.route(Mails.plain(server.port()).withMaxRecipients(Optional.of(10))));
        int[] mails = {0};
        server.on("MAIL", _ -> ++mails[0] > 2 ? "421 4.3.2 shutting down" : "");
        assertThat(summary(send(40))).isEqualTo("20 accepted, 20 deferred");
        server.on("MAIL", "250 ok");
        List<String> left = new ArrayList<>();
        envelope(40).recipients()
                .stream()
                .filter(recipient -> server.messages().stream().noneMatch(m -> m.recipients().contains(recipient)))
                .forEach(left::add);
        upstream.send(envelope(40).to(left), Mails.text(Mails.TEXT));
        nobodyGotItTwice();
        assertThat(taken()).isEqualTo("10 10 10 10");
    }

    @Test
    void anEndOfTheSessionAmongTheRecipientsLeavesTheMessageUndelivered() {
        onRecipient(count -> count == 5 ? "421 4.3.2 shutting down" : count == 2 ? "550 5.1.1 unknown" : "");
        assertThat(summary(send(8))).isEqualTo("7 deferred, 1 permanent");
        assertThat(server.messages()).isEmpty();
    }

    @Test
    void aSessionThatEndsForTooManyRecipientsIsFollowedByOneWithFewer() {
        onRecipient(count -> count > 10 ? "421 4.5.3 Too many recipients" : "");
        assertThat(summary(send(32))).isEqualTo("32 accepted");
        assertThat(taken()).isEqualTo("8 8 8 8");
        nobodyGotItTwice();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            550 5.1.1 One or more recipients are invalid
            554 Invalid recipient
            550 5.1.3 Message rejected: some of the recipients are not valid
            """)
    void aMessageThatIsRefusedForOneOfItsRecipientsReachesTheOthers(String reply) {
        boolean[] bad = {false};
        server.on("MAIL", _ -> {
            bad[0] = false;
            return "";
        });
        server.on("RCPT", line -> {
            bad[0] |= line.toLowerCase(Locale.ROOT).contains("<r7@");
            return "";
        });
        server.on("MESSAGE", _ -> bad[0] ? reply : "");
        Attempt attempt = send(20);
        assertThat(summary(attempt)).isEqualTo("19 accepted, 1 permanent");
        assertThat(attempt.verdicts().get("r7@x.test")).isInstanceOf(Verdict.Refused.class);
        assertThat(server.commands()).filteredOn("DATA"::equals).hasSizeLessThan(12);
        nobodyGotItTwice();
        server.commands().clear();
        send(6);
        assertThat(server.commands()).as("nothing is learned of the server").filteredOn("DATA"::equals).hasSize(1);
    }

    @Test
    void aMessageThatIsRefusedForItselfIsNotTriedAgain() {
        server.on("MESSAGE", "550 5.7.1 spam");
        assertThat(summary(send(60))).isEqualTo("60 permanent");
        assertThat(server.commands()).filteredOn("DATA"::equals).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"251 2.1.5 User not local; will forward", "252 2.1.5 Cannot VRFY user"})
    void recipientsThatAServerForwardsOrDoesNotVerifyAreTaken(String reply) {
        server.on("RCPT", reply);
        assertThat(summary(send(3))).isEqualTo("3 accepted");
    }

    @Test
    void recipientsWhoseLocalPartsDifferInCaseAloneAreDifferent() {
        assertThat(upstream.send(Mails.envelope("Ann@x.test", "ann@x.test"), Mails.text(Mails.TEXT)).verdicts())
                .hasSize(2);
        assertThat(server.messages().getFirst().recipients()).containsExactly("Ann@x.test", "ann@x.test");
    }

    @Test
    void aHundredRecipientsOfAServerThatTakesOneNeedAHundredTransactions() {
        onRecipient(count -> count > 1 ? "452 4.5.3 one recipient per message limit reached" : "");
        assertThat(summary(send(100))).isEqualTo("100 accepted");
        assertThat(server.messages()).hasSize(100);
        assertThat(server.commands()).filteredOn(command -> command.startsWith("RCPT")).hasSize(100 + 99);
    }
}
