package dev.postrider.plan.binding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.Address;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Entries of an organization's own. */
@Tag("organizations")
final class OwnEntryTest {
    private static final MailAccount ACCOUNT = new MailAccount("relay.example", 587, "shop.acme", "secret",
            new Address("no-reply@acme.example", Optional.of("A & <B> \"C\"")), Optional.empty(), Optional.empty(),
            List.of(),
            "/etc/mail-binding", Optional.of("THE CA\n"));

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {{host}}:{{port}}                                       | relay.example:587
            {{ username }}/{{{password}}}{{&uri}}                   | shop.acme/secretsmtp://shop.acme:secret@relay.example:587
            {{from-name}}                                           | A & <B> "C"
            [{{#reply-to}}Reply-To: {{reply-to}}{{/reply-to}}]      | []
            [{{^reply-to}}none{{/reply-to}}]                        | [none]
            {{#ca}}{{#host}}ca={{ca-file}}{{/host}}{{/ca}}          | ca=/etc/mail-binding/ca.crt
            a{{! a comment with {{ in it }}b                        | ab
            {"a": {"b": "{{host}}"}}                                | {"a": {"b": "relay.example"}}
            """)
    void saysWhatTheTemplateSays(String template, String text) {
        assertThat(OwnEntry.problem("own", template, ACCOUNT)).isEmpty();
        assertThat(OwnEntry.text(template, ACCOUNT)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {{hots}}                                   | knows no "hots"; there are ca, ca-file, envelope-from, from,
            {{#host}}{{length}}{{/host}}               | knows no "length"
            {{#host}}{{bytes}}{{/host}}                | knows no "bytes"
            {{#host}}{{.}}{{/host}}                    | knows no "."
            {{this}}                                   | knows no "this"
            {{class}}                                  | knows no "class"
            {{host.class.classLoader}}                 | knows no "host.class.classLoader"
            {{entrySet}}                               | knows no "entrySet"
            {{-index}}                                 | knows no "-index"
            {{#reply-to}}{{hots}}{{/reply-to}}         | knows no "hots"
            {{^host}}{{hots}}{{/host}}                 | knows no "hots"
            {{#items}}x{{/items}}                      | knows no "items"
            {{host                                     | has a {{ without its }}
            a {{host} b                                | has a {{ without its }}
            {{#host}}x                                 | is no template: Section missing close tag 'host'
            x{{/host}}                                 | is no template: Section close tag with no open tag 'host'
            {{#host}}{{#port}}{{/host}}{{/port}}       | is no template: Section close tag with mismatched open tag
            {{{host}} x                                | is no template: Invalid triple-mustache tag
            {{}}                                       | has a tag with nothing in it
            {{ }}                                      | has a tag with nothing in it
            {{{}}}                                     | has a tag with nothing in it
            {{> /etc/passwd}}                          | may not take in another template ({{>)
            {{ >own}}                                  | may not take in another template ({{>)
            {{<own}}{{/own}}                           | may not inherit from another template ({{<)
            {{$block}}{{/block}}                       | may not inherit from another template ({{$)
            {{=<% %>=}}<%host%>                        | may not change the delimiters ({{=)
            """)
    void refusesWhatItCannotSayOrMayNot(String template, String problem) {
        assertThat(OwnEntry.problem("own", template, ACCOUNT)).hasValueSatisfying(
                found -> assertThat(found).startsWith(problem));
    }

    @ParameterizedTest
    @CsvSource({"own.conf, true", "_x, true", "..data, false", "., false", "a/b, false", "ä, false", "'', false"})
    void aKeyIsOneThatASecretTakes(String key, boolean taken) {
        assertThat(OwnEntry.problem(key, "x", ACCOUNT).isEmpty()).isEqualTo(taken);
    }

    @Test
    void neitherATemplateNorWhatComesOfItIsHuge() {
        assertThat(OwnEntry.problem("own", "x".repeat(4096), ACCOUNT)).isEmpty();
        assertThat(OwnEntry.problem("own", "x".repeat(4097), ACCOUNT))
                .hasValue("has 4097 characters; at most 4096 are allowed");
        MailAccount large = new MailAccount("relay.example", 587, "shop.acme", "secret", ACCOUNT.from(),
                Optional.empty(), Optional.empty(), List.of(), "/etc/mail-binding", Optional.of("c".repeat(16_384)));
        assertThat(OwnEntry.problem("own", "{{ca}}".repeat(4), large)).isEmpty();
        assertThat(OwnEntry.problem("own", "{{ca}}".repeat(4) + "x", large))
                .hasValue("comes to more than 65536 characters");
        assertThat(OwnEntry.problem("own", "{{ca}}".repeat(682), large)).isPresent();
    }

    @Test
    void aDeepNestIsNoDanger() {
        String deep = "{{#ca}}".repeat(290) + "x" + "{{/ca}}".repeat(290);
        assertThat(OwnEntry.problem("own", deep, ACCOUNT)).isEmpty();
        assertThat(OwnEntry.text(deep, ACCOUNT)).isEqualTo("x");
    }
}
