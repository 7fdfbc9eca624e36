package dev.postrider.reply;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.RouteJson;
import dev.postrider.route.TestResult.Step;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules for replies as an installation writes them. */
@Tag("delivery-world")
final class InstallationRulesTest {
    private static final String FIELDS = "action, advice, class, codes, enhanced, hosts, protocol, restFor, steps, "
            + "text, timeZone";

    private static InstallationRules rules(String yaml) {
        try {
            return InstallationRules.of(new YAMLMapper().readValue(yaml, JsonNode.class));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<Arguments> written() {
        return Stream.of(row("5", "relay.replyRules: not a list of rules"),
                row("[]"),
                row("[550]", "relay.replyRules[0]: not a rule: use the fields " + FIELDS),
                row("[{codes: many, class: Other, action: Bounce}]",
                        "relay.replyRules[0].codes: not a list of whole numbers, as [550, 554]"),
                row("[{codes: [\"550\", 1.5], text: 550, class: [Other], action: Bounce}]",
                        "relay.replyRules[0].codes: not a list of whole numbers, as [550, 554]",
                        "relay.replyRules[0].text: not a text: put it in quotes",
                        "relay.replyRules[0].class: not a text: put it in quotes"),
                row("[{codes: [550], colour: red, \"a\\nb\": 1, class: Other, action: Bounce}]",
                        "relay.replyRules[0].colour: unknown field: use " + FIELDS,
                        "relay.replyRules[0].a?b: unknown field: use " + FIELDS),
                row("""
                        [{codes: [550], class: Other, action: Bounce},
                         {codes: [200], steps: [Lunch], class: Odd, action: RestServer, timeZone: Mars},
                         {hosts: [a b], text: ".*", class: Other, action: Bounce},
                         {protocol: LMTP, advice: null, class: Other, action: Bounce}]
                        """,
                        "relay.replyRules[1].codes: 200 is not a code of a refusal: use 400 to 599",
                        "relay.replyRules[1].steps: \"Lunch\" is not one: use one of NameResolution, Connection, Tls, "
                                + "Certificate, Authentication, SenderRejected, RecipientRejected, MessageRejected, "
                                + "Timeout",
                        "relay.replyRules[1].class: \"Odd\" is not one: use one of InvalidRecipient, InactiveMailbox, "
                                + "QuotaExceeded, RateLimited, SendingQuotaExceeded, AccountSuspended, "
                                + "AuthenticationFailed, SenderNotAllowed, TooManyRecipients, PolicyRejected, "
                                + "SpamBlocked, ContentRejected, EncodingRejected, TooLarge, ProtocolError, "
                                + "RoutingFailed, Temporary, Other",
                        "relay.replyRules[1].timeZone: only the action RestUntilMidnight has one: remove it",
                        "relay.replyRules[1].restFor: missing: set it",
                        "relay.replyRules[2].hosts: \"a b\" is not a host name; * stands for any characters, as "
                                + "*.example.com",
                        "relay.replyRules[2].text: \".*\" fits any reply: use words that only such replies have",
                        "relay.replyRules[2].text: \".*\" fits too many replies: use a plain word of 3 or more letters "
                                + "in each alternative, or codes or enhanced",
                        "relay.replyRules[3].protocol: \"LMTP\" is not a protocol: use SMTP or HTTP",
                        "relay.replyRules[3].text: the rule fits any reply: use codes, enhanced or text"));
    }

    private static Arguments row(String yaml, String... problems) {
        return Arguments.of(yaml, List.of(problems));
    }

    @ParameterizedTest
    @MethodSource("written")
    void saysAllThatIsWrongWithItsPlace(String yaml, List<String> problems) {
        assertThat(rules(yaml).messages()).containsExactlyElementsOf(problems);
    }

    @Test
    void aRuleThatIsWrongIsLeftOutAndTheOthersCount() {
        InstallationRules read = rules("""
                [{codes: [550], text: "(", class: Other, action: Bounce},
                 {hosts: ["*.acme.example"], codes: [550], text: out to lunch, class: Temporary, action: Retry}]
                """);

        assertThat(read.messages()).singleElement()
                .asString()
                .startsWith("relay.replyRules[0].text: \"(\" is not a regular expression of RE2");
        RelayRoute route = RouteJson.read(RouteJson.write(new RelayRoute(true, "", "", "", List.of(), read.valid())),
                RelayRoute.class);
        CurrentRules current = new CurrentRules();
        current.set(route.replyRules());
        assertThat(current.get()
                .of("mx.acme.example", Step.MessageRejected, Reply.parse("550 5.0.0 out to lunch").orElseThrow())
                .replyClass()).isEqualTo(ReplyClass.TEMPORARY);
    }

    @Test
    void thereAreAtMostAHundred() {
        String rule = "{codes: [550], class: Other, action: Bounce}";

        InstallationRules read = rules("[" + String.join(", ", Collections.nCopies(130, rule)) + "]");

        assertThat(read.valid()).hasSize(100);
        assertThat(read.messages()).containsExactly("relay.replyRules[100]: one too many: use at most 100");
    }

    @Test
    void equalRulesAreNotReadAnew() {
        CurrentRules current = new CurrentRules();
        current.set(rules("[{codes: [550], class: Other, action: Bounce}]").valid());
        ReplyRules before = current.get();

        current.set(rules("[{codes: [550], class: Other, action: Bounce}]").valid());
        assertThat(current.get()).isSameAs(before);
        current.set(List.of());
        assertThat(current.get()).isNotSameAs(before);
    }
}
