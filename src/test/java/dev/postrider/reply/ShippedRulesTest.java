package dev.postrider.reply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each rule is shown by a reply of a real server. */
@Tag("delivery-world")
final class ShippedRulesTest {

    record Line(String host, Step step, Reply reply, String rule) {}

    static List<Line> lines() {
        try (var file = ShippedRulesTest.class.getResourceAsStream("/replies.txt")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(ShippedRulesTest::line)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Line line(String line) {
        String[] parts = line.split("\\|", -1);
        String text = parts[2].strip();
        Reply reply = text.startsWith("HTTP ")
                ? new Reply(Integer.parseInt(text.substring(5, 8)), Optional.empty(), text.substring(5), false)
                : Reply.parse(text.replaceAll("/(?=[45][0-9][0-9][ -])", "\n")).orElseThrow();
        return new Line(parts[0].strip().equals("-") ? "mail.acme.example" : parts[0].strip(),
                Step.valueOf(parts[1].strip()), reply, parts[3].strip());
    }

    @Test
    void eachReplyGetsItsRule() {
        List<String> wrong = new ArrayList<>();
        for (Line line : lines()) {
            String found = NamedRules.of(line.host(), line.step(), line.reply()).orElse("");
            if (!found.equals(line.rule())) {
                wrong.add(line.reply().text() + " got \"" + found + "\", not \"" + line.rule() + "\"");
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void eachRuleHasAReply() {
        Set<String> shown = new HashSet<>(MeaningsTest.shown());
        lines().forEach(line -> shown.add(line.rule()));
        Set<String> missing = new HashSet<>(NamedRules.all().keySet());
        missing.removeAll(shown);
        assertThat(missing).isEmpty();
    }

    @Test
    void whatConcernsTheAccountOrTheServerNeverBounces() {
        assertThat(NamedRules.all()).allSatisfy((_, rule) -> {
            if (!(rule.meaning().action() instanceof ReplyAction.Bounce)) {
                return;
            }
            assertThat(rule.meaning().replyClass()).isNotIn(ReplyClass.ACCOUNT_SUSPENDED,
                    ReplyClass.AUTHENTICATION_FAILED, ReplyClass.SENDING_QUOTA_EXCEEDED, ReplyClass.RATE_LIMITED,
                    ReplyClass.TOO_MANY_RECIPIENTS, ReplyClass.TEMPORARY);
            assertThat(rule.isSmtp() ? rule.codes() : Set.<Integer>of()).allMatch(code -> code >= 500);
        });
    }

    /** Words further behind may be those of whoever sent the mail, or of another server. */
    @Test
    void whatRestsAServerBeginsWithItsWordsOrHasAStatusCode() {
        assertThat(NamedRules.all()).allSatisfy((_, rule) -> {
            if (rule.meaning().action() instanceof ReplyAction.RestServer
                    || rule.meaning().action() instanceof ReplyAction.RestUntilMidnight
                    || rule.meaning().action() instanceof ReplyAction.HoldOrganization) {
                assertThat(!rule.enhanced().isEmpty() || rule.steps().equals(Set.of(Step.Authentication))
                        || rule.words().orElseThrow().pattern().toString().startsWith("^")
                        || rule.codes().equals(Set.of(525))
                // Only the mail of the organization rests then.
                        || rule.meaning().replyClass() == ReplyClass.SENDER_NOT_ALLOWED)
                        .isTrue();
            }
        });
    }

    @Test
    void anAddressCannotPutWordsIntoAReply() {
        String address = "\"Daily user sending limit exceeded\"@gmail.com";
        for (String shown : List.of("<" + address + ">", address, "Your account has been suspended@acme.example")) {
            Reply reply = Reply.parse("550 " + shown + ": no mail for them").orElseThrow();
            assertThat(ReplyRules.shipped().of("smtp.gmail.com", Step.RecipientRejected, reply).action())
                    .isEqualTo(new ReplyAction.Bounce());
        }
    }
}
