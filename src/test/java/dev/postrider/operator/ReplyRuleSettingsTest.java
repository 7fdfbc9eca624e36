package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.reply.Reply;
import dev.postrider.reply.ReplyClass;
import dev.postrider.reply.ReplyRules;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.RouteJson;
import dev.postrider.route.TestResult.Step;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rules for replies in the settings of the installation. */
@Tag("delivery-world")
final class ReplyRuleSettingsTest {

    private static ReplyRuleSettings rules(String rules) {
        return Settings.of(new ConfigMapBuilder().withNewMetadata()
                .withName("postrider-settings")
                .withNamespace("mail")
                .endMetadata()
                .addToData(Settings.KEY, "relay: {replyRules: " + rules + "}")
                .build()).relay().replyRules();
    }

    @Test
    void aRuleThatIsWrongIsLeftOutAndTheOthersCount() {
        ReplyRuleSettings read = rules("""
                [{codes: [550], text: "(", class: Other, action: Bounce},
                 {codes: many, class: Other, action: Bounce},
                 {codes: [550], colour: red, class: Other, action: Bounce},
                 {codes: [550], class: Odd, action: RestServer},
                 {hosts: ["*.acme.example"], codes: [550], text: out to lunch, class: Temporary, action: Retry}]
                """);

        assertThat(read.problems()).satisfiesExactly(
                one -> assertThat(one).startsWith("relay.replyRules[0].text: \"(\" is not a regular expression of RE2"),
                two -> assertThat(two).startsWith("relay.replyRules[1]: "),
                three -> assertThat(three).startsWith("relay.replyRules[2]: Unrecognized field \"colour\""),
                four -> assertThat(four).startsWith("relay.replyRules[3].class: \"Odd\" is not one"),
                five -> assertThat(five).isEqualTo("relay.replyRules[3].restFor: missing: set it"));
        RelayRoute route = RouteJson.read(RouteJson.write(new RelayRoute(true, "", "", "", List.of(), read.valid())),
                RelayRoute.class);
        assertThat(ReplyRules.shipped()
                .after(route.replyRules())
                .of("mx.acme.example", Step.MessageRejected, Reply.parse("550 5.0.0 out to lunch").orElseThrow())
                .replyClass()).isEqualTo(ReplyClass.TEMPORARY);
    }

    @Test
    void whatIsNotAListStopsNothing() {
        assertThat(rules("5").problems()).containsExactly("relay.replyRules: not a list of rules");
    }
}
