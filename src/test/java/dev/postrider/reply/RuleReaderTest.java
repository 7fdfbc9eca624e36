package dev.postrider.reply;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.TestResult.Step;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Rules that people write. */
@Tag("delivery-world")
final class RuleReaderTest {

    static ReplyRule rule(String yaml) {
        var mapper = JsonMapper.builder().addModule(new Jdk8Module()).build();
        return mapper.convertValue(new Load(LoadSettings.builder().build()).loadFromString(yaml), ReplyRule.class);
    }

    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '~', quoteCharacter = '\u0001', textBlock = """
            {codes: [550], class: Temporary, action: Retry}                                            ~
            {codes: [550], text: '.*', class: Temporary, action: Retry}                                ~ text: ".*" fits any reply: use words that only such replies have
            {text: '', class: Temporary, action: Retry}                                                ~ text: "" fits any reply: use words that only such replies have; text: "" fits too many replies: use a plain word of 3 or more letters in each alternative, or codes or enhanced
            {class: Temporary, action: Retry}                                                          ~ text: the rule fits any reply: use codes, enhanced or text
            {text: 'quota|.', class: Temporary, action: Retry}                                         ~ text: "quota|." fits too many replies: use a plain word of 3 or more letters in each alternative, or codes or enhanced
            {text: '[a-z]+ [0-9]+', class: Temporary, action: Retry}                                   ~ text: "[a-z]+ [0-9]+" fits too many replies: use a plain word of 3 or more letters in each alternative, or codes or enhanced
            {text: 'quota (is )?used', class: Temporary, action: Retry}                                ~
            {codes: [550], text: '(a', class: Temporary, action: Retry}                                ~ text: "(a" is not a regular expression of RE2: missing closing )
            {codes: [550], text: 'a(?=b)', class: Temporary, action: Retry}                            ~ text: "a(?=b)" is not a regular expression of RE2: invalid or unsupported Perl syntax
            {codes: [550], text: '((x{100}){100}){100}', class: Temporary, action: Retry}              ~ text: "((x{100}){100}){100}" becomes too large with its counted repetitions: use smaller ones, or *
            {codes: [550], text: '\\b[0-9]{1,3}(\\.[0-9]{1,3}){3}\\b', class: Temporary, action: Retry}  ~
            {codes: [250, 600], class: Temporary, action: Retry}                                       ~ codes: 250 is not a code of a refusal: use 400 to 599; codes: 600 is not a code of a refusal: use 400 to 599
            {enhanced: [5.7, 5.*.1, 2.0.0], class: Temporary, action: Retry}                           ~ enhanced: "5.7" is not an enhanced status code: use one as 5.7.1, or 5.7.*; enhanced: "5.*.1" is not an enhanced status code: use one as 5.7.1, or 5.7.*; enhanced: "2.0.0" is not an enhanced status code: use one as 5.7.1, or 5.7.*
            {codes: [550], class: Odd, action: Jump}                                                   ~ class: "Odd" is not one: use one of InvalidRecipient, InactiveMailbox, QuotaExceeded, RateLimited, SendingQuotaExceeded, AccountSuspended, AuthenticationFailed, SenderNotAllowed, TooManyRecipients, PolicyRejected, SpamBlocked, ContentRejected, EncodingRejected, TooLarge, ProtocolError, RoutingFailed, Temporary, Other; action: "Jump" is not an action: use one of Bounce, Retry, RetryElsewhere, RestServer, RestUntilMidnight, FewerConnections, SplitRecipients, EncodeAnew, HoldOrganization
            {codes: [550], class: Temporary, action: RestServer}                                       ~ restFor: missing: set it
            {codes: [550], class: Temporary, action: RestServer, restFor: 25h}                         ~ restFor: "25h" is not a time to rest: use 1s to 24h, as 15m
            {codes: [550], class: Temporary, action: RestServer, restFor: soon}                        ~ restFor: "soon" is not a time to rest: use 1s to 24h, as 15m
            {codes: [550], class: Temporary, action: Retry, restFor: 5m}                               ~ restFor: only the action RestServer has one: remove it
            {codes: [550], class: Temporary, action: RestUntilMidnight, timeZone: PST8}                ~ timeZone: "PST8" is not a time zone: use a name of the IANA time zone database, as America/Los_Angeles
            {codes: [550], steps: [Sent], class: Temporary, action: Retry}                             ~ steps: "Sent" is not one: use one of NameResolution, Connection, Tls, Certificate, Authentication, SenderRejected, RecipientRejected, MessageRejected, Timeout
            {codes: [550], protocol: LMTP, class: Temporary, action: Retry}                            ~ protocol: "LMTP" is not a protocol: use SMTP or HTTP
            {codes: [550], hosts: ['a b'], class: Temporary, action: Retry}                            ~ hosts: "a b" is not a host name; * stands for any characters, as *.example.com
            """)
    // @formatter:on
    void allThatIsWrongIsSaid(String yaml, String problems) {
        String said = ReplyRules.problems(List.of(rule(yaml)))
                .stream()
                .map(problem -> problem.field() + ": " + problem.message())
                .reduce((one, other) -> one + "; " + other)
                .orElse(null);
        assertThat(said).isEqualTo(problems);
    }

    @Test
    void theFirstRuleThatFitsCounts() {
        ReplyRules rules = ReplyRules.shipped()
                .after(List.of(rule("{codes: [550], text: quota, class: Other, action: Retry}")))
                .after(List.of(
                        rule("{codes: [550], hosts: ['*.acme.example'], text: quota, class: Temporary, action: Retry}"),
                        rule("{codes: [550], text: '(', class: Other, action: Bounce}")));
        Reply reply = Reply.parse("550 5.4.5 Daily user sending limit exceeded, out of Quota").orElseThrow();

        assertThat(rules.of("mail.acme.example", Step.SenderRejected, reply).replyClass())
                .isEqualTo(ReplyClass.TEMPORARY);
        assertThat(rules.of("mail.other.example", Step.SenderRejected, reply).replyClass())
                .isEqualTo(ReplyClass.OTHER);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            450 4.2.0 gone for good | {codes: [450], text: gone, class: InvalidRecipient, action: Bounce}    | Bounce
            450 4.2.0 gone for good | {text: gone for good, class: InvalidRecipient, action: Bounce}         | Retry
            550 4.2.0 gone for good | {codes: [550], text: gone, class: InvalidRecipient, action: Bounce}    | Retry
            550 5.2.0 gone for good | {codes: [550], text: gone, class: InvalidRecipient, action: Bounce}    | Bounce
            """)
    void aTemporaryRefusalBouncesOnlyWhereItsCodeIsNamed(String reply, String yaml, String action) {
        assertThat(ReplyRules.shipped()
                .after(List.of(rule(yaml)))
                .of("mx", Step.RecipientRejected, Reply.parse(reply).orElseThrow())
                .action()
                .getClass()
                .getSimpleName()).isEqualTo(action);
    }

    /** Without the words that a pattern needs it is not run; what these are must never be wrong. */
    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '\u0001', textBlock = """
            quota exceeded          ~ [quota exceeded]
            quotas? exceeded        ~ [ exceeded]
            a+bc                    ~ [bc]
            too (many|much) mail    ~ [ mail]
            (daily|hourly) l        ~ [daily, hourly]
            (daily|hourly)? l       ~ [ l]
            x{0,3}abc|[d-f]gh       ~ [abc, gh]
            abc|.                   ~ []
            \\x41bcdef              ~ []
            \\Qa|b\\E               ~ []
            [](]abc                 ~ [abc]
            (?i:Quota) x            ~ [quota]
            ab{2}cd                 ~ [ab]
            """)
    void theWordsThatAPatternNeedsAreFound(String pattern, String words) {
        assertThat(PatternShape.of(pattern).required()).hasToString(words);
    }

    /** What RE2 takes for plain characters, and what ends nothing, hides no counted repetitions behind it. */
    @ParameterizedTest
    @ValueSource(strings = {"\\Q[\\E", "\\Q(\\E", "\\Q\\\\E", "a{(b{3})", "a{b}", "a{,3}", "a{3,b}", "[[:alpha:]]",
            "[]]", "[^]]",
            "[\\]]", "(?P<x>a)", "(?i)", "\\x{5b}", "\\pN", "\\p{Lu}", "\\\\Q"})
    @Tag("isolation")
    void noPatternHidesHowLargeItIs(String before) {
        String text = before + "(?:(?:(?:(?:c{30}){30}){30}){30}";
        for (String end : List.of("", ")", "]", "])", "}", "\\E)")) {
            ReplyRule large = rule("{codes: [550], text: '%s', class: Other, action: Retry}".formatted(text + end));
            assertThat(ReplyRules.problems(List.of(large))).as(large.text().orElseThrow()).isNotEmpty();
        }
    }

    /** The most that a tenant can write, against the longest reply. */
    @Test
    void whatRulesCostIsBounded() {
        ReplyRule worst = rule(
                "{codes: [550], text: '(x+x+x+x+x+){20}y|([a-z]{1,9} ?){20}q', class: Other, action: Retry}");
        assertThat(ReplyRules.problems(List.of(worst))).isEmpty();
        ReplyRules rules = ReplyRules.shipped().after(Collections.nCopies(10, worst));
        Reply reply = new Reply(550, Optional.empty(), "550 " + "xyq ".repeat(250));
        rules.of("mx", Step.RecipientRejected, reply);

        var thread = ManagementFactory.getThreadMXBean();
        long start = thread.getCurrentThreadCpuTime();
        for (int i = 0; i < 10; i++) {
            rules.of("mx", Step.RecipientRejected, reply);
        }
        assertThat((thread.getCurrentThreadCpuTime() - start) / 10_000_000.0).as("ms for a reply").isLessThan(500);
    }
}
