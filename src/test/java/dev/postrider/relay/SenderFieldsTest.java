package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.message.header.AddressField;
import dev.postrider.message.header.MailboxList;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.InstalledProgram;
import dev.postrider.testing.Python;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The organization is no-reply@acme.example, its envelope sender bounces@acme.example. It may also send as
 * sales@acme.example, @shop.example and @*.shop.example.
 */
@Tag("organizations")
final class SenderFieldsTest {
    private static final String FROM = "From: Acme <no-reply@acme.example>|";
    private static final String SENDER = "Sender: Acme <no-reply@acme.example>|";

    /**
     * A bar stands for CR LF, F and S for From and Sender as the organization's, OK for an address that it may send
     * as. The last column is what passes where others are rewritten.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            header                                                   ~ where others are refused     ~ rewritten
            From: no-reply@acme.example||                            ~ passes                       ~ same
            From: no-reply@ACME.Example||                            ~ passes                       ~ same
            From: sales@acme.example||                               ~ passes                       ~ same
            From: x@shop.example, y@a.b.shop.example||               ~ passes                       ~ same
            From: Any Name <OK>||                                    ~ passes                       ~ same
            From: "a, b <x@evil.example>" <OK>||                     ~ passes                       ~ same
            From: J. R. Name <OK>||                                  ~ passes                       ~ same
            From: OK (a (nested \\) x@evil.example) comment)||       ~ passes                       ~ same
            From: (x@evil.example) OK||                              ~ passes                       ~ same
            From: =?utf-8?q?J=C3=B6rg_=3Cx=40evil=2Eexample=3E?= <OK>|| ~ passes                    ~ same
            From: J\u00f6rg <OK>||                                   ~ passes                       ~ same
            from : OK||                                              ~ passes                       ~ from: OK||
            FROM:|  Any|\t<OK>||                                     ~ passes                       ~ same
            From: "no-reply"@acme.example||                          ~ passes                       ~ same
            From: OK|Sender: sales@acme.example||                    ~ passes                       ~ same
            From: OK|Reply-To: x@evil.example||                      ~ passes                       ~ same
            From: OK|X-From: x@evil.example||                        ~ passes                       ~ same
            From: OK||From: x@evil.example|                          ~ passes                       ~ same
            From: OK|Resent-From: OK|Resent-From: OK||               ~ passes                       ~ same
            From: OK|From|x||                                        ~ passes                       ~ From: OK||From|x||
            Subject: a|From: OK|                                     ~ passes                       ~ same

            From: x@evil.example||                                   ~ From must not be <x@evil.example> ~ F|
            From: No-Reply@acme.example||                            ~ passes                       ~ From: OK||
            From: "A" <NO-REPLY@ACME.example>, Sales@acme.example||  ~ passes                       ~ From: "A" <no-reply@ACME.example>, sales@acme.example||
            From: No-Reply@acme.example (No-Reply@acme.example)||    ~ passes                       ~ From: OK (No-Reply@acme.example)||
            From: Jörg|  <"No-Reply"@acme.example>,|	SALES@acme.example|  (A)|| ~ passes      ~ From: Jörg|  <"no-reply"@acme.example>,|	sales@acme.example|  (A)||
            From: Any.Name@Shop.example||                            ~ passes                       ~ same
            From: ſales@acme.example||                          ~ From must not be <ſales@acme.example> ~ F|
            From: No-Repıy@acme.example||                       ~ From must not be <No-Repıy@acme.example> ~ F|
            From: bounces@acme.example||                             ~ From must not be <bounces@acme.example> ~ F|
            From: a@acme.example||                                   ~ From must not be <a@acme.example> ~ F|
            From: OK, x@evil.example||                               ~ From must not be <x@evil.example> ~ F|
            From: "no-reply@acme.example" <x@evil.example>||         ~ From must not be <x@evil.example> ~ F|
            From: =?utf-8?q?no-reply=40acme=2Eexample?= <x@evil.example>|| ~ From must not be <x@evil.example> ~ F|
            From: x@evil.example (no-reply@acme.example)||           ~ From must not be <x@evil.example> ~ F|
            From: x@evil.example|  (<OK>)||                          ~ From must not be <x@evil.example> ~ F|
            From:|  x@|  evil.example||                              ~ field From cannot be read    ~ F|
            From: no-reply@\u0430cme.example||                       ~ From must not be <no-reply@xn--cme-5cd.example> ~ F|
            From: no-repl\u0443@acme.example||                       ~ From must not be <no-repl\u0443@acme.example> ~ F|
            From: no-reply@\uff41cme.example||                       ~ From must not be <no-reply@\uff41cme.example> ~ F|
            From: no-reply@acme.example.evil.example||               ~ From must not be <no-reply@acme.example.evil.example> ~ F|
            From: no-reply@acme.example@evil.example||               ~ field From cannot be read    ~ F|
            From: OK|From: OK||                                      ~ the message has several From fields ~ From: OK||
            From: OK|from : x@evil.example||                         ~ the message has several From fields ~ From: OK||
            From: x@evil.example|From: OK||                          ~ From must not be <x@evil.example> ~ F|
            From: OK|Sender: OK|Sender: x@evil.example||             ~ the message has several Sender fields ~ From: OK|Sender: OK||
            From: OK|Sender: x@evil.example||                        ~ Sender must not be <x@evil.example> ~ From: OK|S|
            From: OK|Resent-From: x@evil.example||                   ~ Resent-From must not be <x@evil.example> ~ From: OK|Resent-F|
            From: OK|Resent-Sender: x@evil.example||                 ~ Resent-Sender must not be <x@evil.example> ~ From: OK|Resent-S|
            From: OK|Resent-From: OK|Resent-From: x@evil.example||   ~ Resent-From must not be <x@evil.example> ~ From: OK|Resent-From: OK|Resent-F|
            Subject: a||From: OK|                                    ~ the message has no From field ~ Subject: a|F|From: OK|
            Subject: a|                                              ~ the message has no From field ~ Subject: a|F
            ``                                                       ~ the message has no From field ~ F
            no header|From: OK|                                      ~ the message has no From field ~ F|no header|From: OK|
            ` folded at the start|`                                  ~ the message has no From field ~ F| folded at the start|
            From:||                                                  ~ field From cannot be read    ~ F|
            From: Any Name||                                         ~ field From cannot be read    ~ F|
            From: <>||                                               ~ field From cannot be read    ~ F|
            From: Group: OK;||                                       ~ field From cannot be read    ~ F|
            From: undisclosed-recipients:;||                         ~ field From cannot be read    ~ F|
            From: <@evil.example:OK>||                               ~ field From cannot be read    ~ F|
            From: , OK||                                             ~ field From cannot be read    ~ F|
            From: OK, ||                                             ~ field From cannot be read    ~ F|
            From: OK x@evil.example||                                ~ field From cannot be read    ~ F|
            From: <OK> <x@evil.example>||                            ~ field From cannot be read    ~ F|
            From: x@evil.example <OK>||                              ~ field From cannot be read    ~ F|
            From: <OK>; x@evil.example||                             ~ field From cannot be read    ~ F|
            From: <OK||                                              ~ field From cannot be read    ~ F|
            From: OK (||                                             ~ field From cannot be read    ~ F|
            From: OK (\\)||                                          ~ field From cannot be read    ~ F|
            From: "OK||                                              ~ field From cannot be read    ~ F|
            From: no-reply (c) @acme.example||                       ~ field From cannot be read    ~ F|
            From: <no-reply @acme.example>||                         ~ field From cannot be read    ~ F|
            From: <"no-reply"."x"@shop.example>||                    ~ field From cannot be read    ~ F|
            From: =?utf-8?q?ceo?=@shop.example||                     ~ field From cannot be read    ~ F|
            From: =?utf-8?q?no-reply=40acme=2Eexample?=||            ~ field From cannot be read    ~ F|
            From: =?utf-8?q?ceo=40evil=2Eexample=00?= <OK>||         ~ field From cannot be read    ~ F|
            From: =?utf-8?b?eEBldmlsLmV4YW1wbGUK?= <OK>||            ~ field From cannot be read    ~ F|
            From: a\u200bb@shop.example||                            ~ field From cannot be read    ~ F|
            From: "a\u202eb"@shop.example||                          ~ field From cannot be read    ~ F|
            From: a\u00a0b@shop.example||                            ~ field From cannot be read    ~ F|
            From: x\u0007 <OK>||                                     ~ field From cannot be read    ~ F|
            From: OK|From x@evil.example: y||                        ~ the name of field From is followed by more ~ From: OK||
            """, useHeadersInDisplayName = true)
    void passesRefusesOrRewrites(String header, String refused, String rewritten) throws Exception {
        String message = octets(header);
        String expected = rewritten.equals("same") ? message : octets(rewritten);
        for (int step : new int[]{1, 2, 7, 1000}) {
            assertThat(pass(message, step, Otherwise.REWRITE)).isEqualTo(expected);
            if (refused.equals("passes")) {
                assertThat(pass(message, step, Otherwise.REFUSE)).isEqualTo(expected);
            } else {
                assertThatThrownBy(() -> pass(message, step, Otherwise.REFUSE)).isInstanceOf(RefusedException.class)
                        .hasMessageStartingWith(refused);
            }
        }
    }

    private static String octets(String text) {
        String full = text.replace("OK", "no-reply@acme.example")
                .replaceAll("(?<=^|[|]|Resent-)F(?=$|[|])", FROM)
                .replaceAll("(?<=^|[|]|Resent-)S(?=$|[|])", SENDER)
                .replace("\\t", "\t")
                .replace("|", "\r\n");
        return new String(full.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static SenderIdentity identity(Otherwise otherwise) {
        return new SenderIdentity(new ResourceKey("acme", "shop"),
                new Address("no-reply@acme.example", Optional.of("Acme")), "bounces@acme.example",
                Optional.of("bounces@acme.example"), Optional.empty(),
                new AllowedSenders(List.of("sales@acme.example", "@shop.example", "@*.shop.example"), otherwise));
    }

    private static String pass(String message, int step, Otherwise otherwise) throws IOException {
        return pass(message, step, identity(otherwise), true);
    }

    private static String pass(String message, int step, SenderIdentity identity, boolean wantsAnswers)
            throws IOException {
        byte[] octets = message.getBytes(StandardCharsets.ISO_8859_1);
        var out = new ByteArrayOutputStream();
        var fields = new SenderFields(out, identity, wantsAnswers);
        for (int i = 0; i < octets.length; i += step) {
            fields.write(octets, i, Math.min(step, octets.length - i));
        }
        fields.finish();
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    /**
     * What applications write that is not in the grammar, and names one address whoever reads it: what goes on is in
     * correct form. A bar stands for CR LF, L1 for an octet of ISO 8859-1, OK for an address that may be sent as.
     */
    @Tag("delivery-world")
    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            from the application                                     ~ goes on
            From: Acme [Prod] <OK>||                                 ~ From: "Acme [Prod]" <OK>||
            From: Acme, Inc. <OK>||                                  ~ From: "Acme, Inc." <OK>||
            From: Acme, Inc., Berlin <OK>||                          ~ From: "Acme, Inc., Berlin" <OK>||
            From: =?utf-8?Q?Acme:_Shop?= <OK>||                      ~ From: "Acme: Shop" <OK>||
            From: =?utf-8?Q?Acme,?= =?utf-8?Q?_K=C3=B6ln?= [1] <OK>|| ~ From: =?UTF-8?Q?Acme=2C_K=C3=B6ln_=5B1=5D?= <OK>||
            From: =?utf-8?B?QWNtZQ==?=: <OK>||                       ~ refused
            From: Jörg, Inc. <OK>||                             ~ From: =?UTF-8?Q?J=C3=B6rg=2C_Inc=2E?= <OK>||
            From: JL1rg <OK>||                                       ~ From: =?UTF-8?Q?J=C3=B6rg?= <OK>||
            From: "JL1rg, Shop" <OK>||                               ~ From: =?UTF-8?Q?J=C3=B6rg=2C_Shop?= <OK>||
            From: JL1rg <shL1p@shop.example>||                       ~ refused
            From: "Acme <OK>||                                       ~ From: Acme <OK>||
            From: Acme" <OK>||                                       ~ From: Acme <OK>||
            From: "Acme" Shop" <OK>||                                ~ From: Acme Shop <OK>||
            From: 'Acme: Shop' <OK>||                                ~ refused
            From: Acme; Shop <OK>||                                  ~ From: "Acme; Shop" <OK>||
            From: Acme (Prod <OK>||                                  ~ From: "Acme (Prod" <OK>||
            From: Acme :-) <OK>||                                    ~ refused
            From: Acme \\ Co <OK>||                                 ~ From: "Acme \\\\ Co" <OK>||
            From: "Acme: \\"Shop\\"" [1]  <OK>||                   ~ From: "Acme: \\"Shop\\" [1]" <OK>||
            From:  Acme  Shop  <OK>||                                ~ same
            From:  Acme,  Shop  <OK>  ||                             ~ From: "Acme, Shop" <OK>||
            From: Acme, Shop <OK> (sent by a machine)||              ~ From: "Acme, Shop" <OK>||
            From: Acme [Prod], the shop for all the things that nobody else has in stock or knows the name of <OK>|| ~ From: "Acme [Prod], the shop for all the things that nobody else has in| stock or knows the name of" <OK>||
            From: Acme|  [Prod]|  <OK>||                             ~ From: "Acme [Prod]" <OK>||
            From: Acme <\\x20OK >||                                 ~ From: Acme <OK>||
            From: [Prod] <No-Reply@ACME.example>||                   ~ From: "[Prod]" <OK>||
            From: a..b@shop.example||                                ~ From: <"a..b"@shop.example>||
            From: .a. <.a.@shop.example>||                           ~ From: ".a." <".a."@shop.example>||
            Sender: Acme [Prod] <Sales@acme.example>|From: OK||      ~ Sender: "Acme [Prod]" <sales@acme.example>|From: OK||
            From: OK|Resent-From: Acme, Inc. <OK>||                  ~ From: OK|Resent-From: "Acme, Inc." <OK>||
            From: OK|Resent-Sender: "Acme <OK>||                     ~ From: OK|Resent-Sender: Acme <OK>||

            From: Acme [Prod] <x@evil.example>||                     ~ From must not be <x@evil.example>
            From: Acme, Inc. <a@acme.example>||                      ~ From must not be <a@acme.example>
            From: x@evil.example, [A] <OK>||                         ~ refused
            From: [x@evil.example] <OK>||                            ~ refused
            From: [x] <OK> <x@evil.example>||                        ~ refused
            From: [x] <OK> x@evil.example||                          ~ refused
            From: [x] <OK>, <>||                                     ~ refused
            From: [x] <x@evil.example> (OK)||                        ~ refused
            From: [x] <OK> (x@evil.example)||                        ~ refused
            From: (x@evil.example) [x] <OK>||                        ~ refused
            From: "x@evil.example" [x] <OK>||                        ~ refused
            From: [=?utf-8?q?x=40evil.example?=] <OK>||              ~ refused
            From: =?utf-8?q?x=40evil.example,?= [x] <OK>||           ~ refused
            From: =?utf-8?b?eEBldmlsLmV4YW1wbGU=?= [x] <OK>||        ~ refused
            From: =?utf-8?q?=EF=BC=A0?= [x] <OK>||                   ~ refused
            From: x＠evil.example [x] <OK>||                     ~ refused
            From: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=40evil=3F=3D?= [x] <OK>|| ~ refused
            From: [=?utf-8?q?a=00?=] <OK>||                          ~ refused
            From: [=?x-foo?q?a?=] <OK>||                             ~ refused
            From: [x] <@evil.example:OK>||                           ~ refused
            From: [x] <x@evil.example:OK>||                          ~ refused
            From: [x] <OK@evil.example>||                            ~ refused
            From: [x] <OK,x@evil.example>||                          ~ refused
            From: [x] <no-reply (c)@acme.example>||                  ~ refused
            From: [x] <no-reply@ acme.example>||                     ~ refused
            From: [x] <no-reply@acme.example evil.example>||         ~ refused
            From: [x] <=?utf-8?q?no-reply?=@acme.example>||          ~ refused
            From: [x] <\\"no-reply\\"@acme.example>||              ~ refused
            From: [x] OK||                                           ~ refused
            From: [x OK||                                            ~ refused
            From: Acme, OK||                                         ~ refused
            From: Acme: OK;||                                        ~ refused
            From: Acme: [x] <OK>;||                                  ~ refused
            From: Acme: [x] <OK>||                                   ~ refused
            From: [x] <OK>;||                                        ~ refused
            From: [x] <OK>,||                                        ~ refused
            From: [x] <OK||                                          ~ refused
            From: [x] OK>||                                          ~ refused
            From: [x] >OK<||                                         ~ refused
            From: [x] <<OK>>||                                       ~ refused
            From: OK.||                                              ~ refused
            From: Acme <OK.>||                                       ~ refused
            From: OK..||                                             ~ refused
            From: OK.x||                                             ~ From must not be <no-reply@acme.example.x>
            From: no-reply@acme..example||                           ~ refused
            From: [x] <OK>|From: [x] <OK>||                          ~ the message has several From fields
            """, useHeadersInDisplayName = true)
    void aFieldWithOneAddressIsWrittenAnew(String header, String expected) throws Exception {
        String message = raw(header);
        for (int step : new int[]{1, 7, 1000}) {
            if (expected.startsWith("From:") || expected.startsWith("Sender:") || expected.equals("same")) {
                assertThat(pass(message, step, Otherwise.REFUSE)).isEqualTo(
                        expected.equals("same") ? message : raw(expected));
            } else {
                assertThatThrownBy(() -> pass(message, step, Otherwise.REFUSE)).isInstanceOf(RefusedException.class)
                        .hasMessageStartingWith(expected.equals("refused") ? "field From cannot be read" : expected);
            }
        }
    }

    private static String raw(String header) {
        return octets(header.replace("\\x20", " ")).replace("L1", "\u00f6");
    }

    /** Whatever came, forged or not: what goes on has one From, and others find the same senders in it as the relay. */
    @Tag("delivery-world")
    @Tag("isolation")
    @Test
    void otherProgramsReadTheSameSenders() throws Exception {
        List<String> passed = new ArrayList<>();
        for (String table : List.of("passesRefusesOrRewrites", "aFieldWithOneAddressIsWrittenAnew")) {
            for (String row : rows(table)) {
                passed.add(pass(raw(row), 1000, Otherwise.REWRITE).split("\r\n\r\n", 2)[0] + "\r\n\r\n");
            }
        }
        List<String> read = passed.stream().map(SenderFieldsTest::senders).toList();
        assertThat(passed).hasSizeGreaterThan(140);
        String input = passed.stream()
                .map(message -> Base64.getEncoder().encodeToString(message.getBytes(StandardCharsets.ISO_8859_1)))
                .collect(Collectors.joining("\n", "", "\n"));
        Optional<Python> python = Python.with("email");
        if (python.isPresent()) {
            assertReads(python.get().run(PYTHON, input), passed, read);
        }
        if (InstalledProgram.RUBY.isUsableFor("senders read by Ruby's mail")) {
            assertReads(CommandResult.run(Path.of("."), Map.of("LC_ALL", "C.UTF-8"), input,
                    List.of(InstalledProgram.RUBY.command(), "-e", RUBY)), passed, read);
        }
    }

    private static void assertReads(CommandResult program, List<String> messages, List<String> expected) {
        List<String> read = program.out().lines().toList();
        assertThat(read.size()).as(program.err()).isEqualTo(expected.size());
        assertThat(IntStream.range(0, read.size())
                .filter(i -> !read.get(i).equals(expected.get(i)))
                .mapToObj(i -> messages.get(i) + "is read as " + read.get(i) + ", not as " + expected.get(i)))
                .isEmpty();
    }

    private static List<String> rows(String method) throws NoSuchMethodException {
        Class<?>[] parameters = method.startsWith("passes")
                ? new Class<?>[]{String.class, String.class, String.class}
                : new Class<?>[]{String.class, String.class};
        return SenderFieldsTest.class.getDeclaredMethod(method, parameters)
                .getAnnotation(CsvSource.class)
                .textBlock()
                .lines()
                .skip(1)
                .filter(line -> !line.isBlank())
                .map(line -> line.split("~", 2)[0].strip().replace("`", ""))
                .toList();
    }

    /** The addresses of From, as the relay has read them. */
    private static String senders(String message) {
        String field = message.replaceFirst("(?is)\\A(?:.*\r\n)?From *:(.*?\r\n)(?![ \t]).*\\z", "$1");
        return MailboxList.parse(field.getBytes(StandardCharsets.ISO_8859_1))
                .orElseThrow()
                .stream()
                .map(address -> address.localPart() + "@" + address.domain())
                .collect(Collectors.joining(" "));
    }

    private static final String PYTHON = """
            import base64, email, email.policy, email.utils, sys
            for line in sys.stdin:
                octets = base64.b64decode(line)
                fields = email.message_from_bytes(octets, policy=email.policy.default).get_all("From")
                assert len(fields) == 1, octets
                print(*[a.username + "@" + a.domain.lower() for a in fields[0].addresses])
            """;

    private static final String RUBY = """
            require "base64"
            require "mail"
            STDIN.each_line do |line|
              from = Mail.new(Base64.decode64(line)).header.fields.select { |field| field.name.downcase == "from" }
              raise line unless from.size == 1
              puts from[0].field.addrs.map { |a| a.local.gsub(/\\A"|"\\z/, "") + "@" + a.domain.downcase }.join(" ")
            end
            """;

    @Test
    void octetsThatAreNoUtf8AreNoAddress() throws Exception {
        String message = "From: Acme <j\u00f6rg@acme.example>\r\n\r\n";
        assertThatThrownBy(() -> pass(message, 100, Otherwise.REFUSE)).hasMessageStartingWith("field From cannot be");
        assertThat(pass(message, 100, Otherwise.REWRITE)).isEqualTo(octets(FROM + "|"));
    }

    @Test
    void aFieldIsReadUpTo16KibibytesAndNoFurther() throws Exception {
        String addresses = "From: no-reply@acme.example".concat(",\r\n no-reply@acme.example".repeat(600));
        assertThat(pass(addresses + "\r\n\r\n", 1000, Otherwise.REFUSE)).hasSizeGreaterThan(15_000);
        String longer = addresses.repeat(1).concat(",\r\n no-reply@acme.example".repeat(100)) + "\r\n\r\n";
        assertThatThrownBy(() -> pass(longer, 1000, Otherwise.REFUSE)).hasMessageStartingWith("field From cannot be");
        assertThat(pass(longer, 1000, Otherwise.REWRITE)).isEqualTo(octets(FROM + "|"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            ''                        ; true
            no-reply@acme.example     ; true
            bounces@acme.example      ; true
            bounces@ACME.example      ; true
            sales@acme.example        ; true
            x@a.shop.example          ; true
            Bounces@acme.example      ; true
            SALES@acme.example        ; true
            ſales@acme.example   ; false
            x@acme.example            ; false
            bounces@\u0430cme.example ; false
            """)
    void theEnvelopeSenderIsOneOfItsAddressesOrNone(String reversePath, boolean allowed) {
        assertThat(identity(Otherwise.REFUSE).allowsEnvelope(reversePath)).isEqualTo(allowed);
    }

    @Tag("promises")
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            declared             ; submitted             ; leaves with            ; with the submitter's own login
            bounces@acme.example ; no-reply@acme.example ; bounces@acme.example   ; no-reply@acme.example
            bounces@acme.example ; no-reply@ACME.example ; bounces@acme.example   ; no-reply@ACME.example
            bounces@acme.example ; ''                    ; ''                     ; ''
            bounces@acme.example ; sales@acme.example    ; sales@acme.example     ; sales@acme.example
            bounces@acme.example ; x+1=y.example@shop.example ; x+1=y.example@shop.example ; x+1=y.example@shop.example
            bounces@acme.example ; bounces@acme.example  ; bounces@acme.example   ; bounces@acme.example
            bounces@acme.example ; No-Reply@acme.example ; bounces@acme.example   ; no-reply@acme.example
            bounces@acme.example ; BOUNCES@ACME.example  ; bounces@ACME.example   ; bounces@ACME.example
            bounces@acme.example ; Sales@acme.example    ; sales@acme.example     ; sales@acme.example
            bounces@acme.example ; Any.Name@shop.example ; Any.Name@shop.example  ; Any.Name@shop.example
            b@bücher.example ; no-reply@acme.example ; b@xn--bcher-kva.example ; no-reply@acme.example
                                 ; no-reply@acme.example ; no-reply@acme.example  ; no-reply@acme.example
                                 ; x@else.example        ; default@acme.example   ; default@acme.example
            """, useHeadersInDisplayName = true)
    void theDeclaredEnvelopeSenderTakesThePlaceOfTheOrganizationsFrom(String declared, String submitted, String sent,
            String ofSubmitter) {
        var identity = new SenderIdentity(new ResourceKey("acme", "shop"),
                new Address("no-reply@acme.example", Optional.empty()),
                declared == null ? "default@acme.example" : declared, Optional.ofNullable(declared), Optional.empty(),
                new AllowedSenders(List.of("sales@acme.example", "@shop.example"), Otherwise.REWRITE));
        assertThat(identity.reversePath(submitted, false)).isEqualTo(sent);
        assertThat(identity.reversePath(submitted, true)).isEqualTo(ofSubmitter);
    }

    /** R stands for the Reply-To that the organization declared, which is put in at the end of the header. */
    @Tag("promises")
    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            From: OK|Subject: a||x|                          ~ From: OK|Subject: a|R||x|
            From: Any Name <no-reply@ACME.example>||         ~ From: Any Name <no-reply@ACME.example>|R||
            From: OK|Sender: sales@acme.example||            ~ From: OK|Sender: sales@acme.example|R||
            From: OK|                                        ~ From: OK|R|
            From: x@evil.example||                           ~ From: Acme <no-reply@acme.example>|R||
            Subject: a||                                     ~ Subject: a|From: Acme <no-reply@acme.example>|R||
            From: OK|Reply-To: me@else.example||             ~ same
            reply-to : me@else.example|From: OK||            ~ same
            From: OK|Reply-To:||                             ~ same
            From: sales@acme.example||                       ~ same
            From: OK, sales@acme.example||                   ~ same
            Resent-From: OK|From: OK||                       ~ same
            Resent-To: x@y.example|From: OK||                ~ same
            DKIM-Signature: v=1; h=from:reply-to|From: OK||  ~ same
            """)
    void mailOfTheOrganizationSaysWhomToAnswer(String header, String expected) throws Exception {
        String message = octets(header);
        var identity = new SenderIdentity(new ResourceKey("acme", "shop"),
                new Address("no-reply@acme.example", Optional.of("Acme")), "bounces@acme.example", Optional.empty(),
                Optional.of(new Address("help@acme.example", Optional.of("Help"))),
                new AllowedSenders(List.of("sales@acme.example"), Otherwise.REWRITE));
        for (int step : List.of(1, 7, 1000)) {
            assertThat(pass(message, step, identity, true)).isEqualTo(
                    expected.equals("same")
                            ? message
                            : octets(expected.replace("|R|", "|Reply-To: Help <help@acme.example>|")));
            assertThat(pass(message, step, identity, false)).doesNotContain("help@acme.example");
        }
    }

    @Test
    void aRefusalSaysWhatIsAllowedAndFitsIntoAReply() {
        assertThat(identity(Otherwise.REFUSE).refusal("the message has no From field"))
                .isEqualTo(new Refusal(550, "5.7.1", "the message has no From field; send as <no-reply@acme.example>,"
                        + " sales@acme.example, @shop.example and 1 more, or add the sender to"
                        + " spec.identity.allowedSenders of OrganizationMailSettings acme/shop"));
        String longest = "x".repeat(64) + "@" + "y".repeat(250);
        var identity = new SenderIdentity(new ResourceKey("n".repeat(63), "o".repeat(253)),
                new Address(longest, Optional.empty()), longest, Optional.empty(), Optional.empty(),
                new AllowedSenders(Collections.nCopies(500, longest), Otherwise.REFUSE));
        assertThat(identity.refusal("field Resent-Sender cannot be read").text()).hasSizeBetween(400, 480);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            a@acme.example      ;              ; From: a@acme.example|                          ; false
            a@acme.example      ; Acme, Inc.   ; From: "Acme, Inc." <a@acme.example>|           ; false
            a@acme.example      ; J\u00f6rg    ; From: =?UTF-8?Q?J=C3=B6rg?= <a@acme.example>|  ; false
            a@b\u00fccher.example ; B          ; From: B <a@xn--bcher-kva.example>|             ; false
            gr\u00fc\u00dfe@b\u00fccher.example ; B ; From: B <gr\u00fc\u00dfe@xn--bcher-kva.example>| ; true
            """)
    void theOrganizationsFieldIsInAsciiWhereThatCanBe(String address, String name, String field,
            boolean international) {
        var identity = new SenderIdentity(new ResourceKey("acme", "shop"),
                new Address(address, Optional.ofNullable(name)), "b@acme.example", Optional.empty(),
                Optional.empty(), AllowedSenders.NONE);
        assertThat(new String(identity.field("From"), StandardCharsets.UTF_8).replace("\r\n", "|")).isEqualTo(field);
        assertThat(AddressField.isInternational(address)).isEqualTo(international);
    }
}
