package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What clients do that RFC 5321 does not have. Each is logged in, unless it is about that; what goes on is in correct
 * form.
 */
@Tag("delivery-world")
final class ClientHabitsTest {
    private static final String LOGIN = "AUTH PLAIN AHUAcmlnaHQ=\r\n";

    private static String converse(TestPolicy policy, String commands) {
        return InMemorySession.converse(policy.listener(SmtpLimits.DEFAULT),
                commands.getBytes(StandardCharsets.ISO_8859_1), 8192);
    }

    private static TestPolicy policy() {
        return new TestPolicy(SubmissionPolicy.Authentication.REQUIRED, true);
    }

    /** Octets above 127 are given as xHH. */
    private static String octets(String text) {
        return java.util.regex.Pattern.compile("x([0-9A-F]{2})")
                .matcher(text.replace("\\t", "\t").replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0"))
                .replaceAll(match -> Character.toString(Integer.parseInt(match.group(1), 16)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', textBlock = """
            what the client says                               ; reply      ; recipient that goes on
            RCPT TO:<u@example.net>                            ; 250 2.1.5  ; u@example.net
            RCPT TO:u@example.net                              ; 250 2.1.5  ; u@example.net
            RCPT TO: u@example.net                             ; 250 2.1.5  ; u@example.net
            RCPT TO: <u@example.net>                           ; 250 2.1.5  ; u@example.net
            RCPT TO:\\t<u@example.net>\\t                      ; 250 2.1.5  ; u@example.net
            RCPT\\tTO:<u@example.net>                          ; 250 2.1.5  ; u@example.net
            ~RCPT   TO:<u@example.net>   ~                     ; 250 2.1.5  ; u@example.net
            rcpt to:<u@example.net>                            ; 250 2.1.5  ; u@example.net
            RCPT TO:< u@example.net >                          ; 250 2.1.5  ; u@example.net
            RCPT TO:u@example.net NOTIFY=never                 ; 250 2.1.5  ; u@example.net
            RCPT TO:<u@example.net>\\tNOTIFY=NEVER             ; 250 2.1.5  ; u@example.net
            ~RCPT TO:<u@example.net> ORCPT=rfc822;a+2bb@c.example~ ; 250 2.1.5 ; u@example.net
            RCPT TO:<root@my_host.example>                     ; 250 2.1.5  ; root@my_host.example
            RCPT TO:<root@_a_.my-host_>                        ; 250 2.1.5  ; root@_a_.my-host_
            RCPT TO:<u@example.net.>                           ; 250 2.1.5  ; u@example.net
            RCPT TO:<U@Example.NET.>                           ; 250 2.1.5  ; U@Example.NET
            RCPT TO:<a..b@docomo.ne.jp>                        ; 250 2.1.5  ; "a..b"@docomo.ne.jp
            RCPT TO:<.a@docomo.ne.jp>                          ; 250 2.1.5  ; ".a"@docomo.ne.jp
            RCPT TO:<a.@docomo.ne.jp>                          ; 250 2.1.5  ; "a."@docomo.ne.jp
            RCPT TO:a.@docomo.ne.jp                            ; 250 2.1.5  ; "a."@docomo.ne.jp
            RCPT TO:<"a..b"@docomo.ne.jp>                      ; 250 2.1.5  ; "a..b"@docomo.ne.jp
            RCPT TO:<"u"@example.net>                          ; 250 2.1.5  ; u@example.net
            RCPT TO:<"a.b"@example.net>                        ; 250 2.1.5  ; a.b@example.net
            RCPT TO:<"\\u"@example.net>                        ; 250 2.1.5  ; u@example.net
            RCPT TO:<"a b"@example.net>                        ; 250 2.1.5  ; "a b"@example.net
            RCPT TO:"a b"@example.net NOTIFY=NEVER             ; 250 2.1.5  ; "a b"@example.net
            RCPT TO:<"a\\"b\\@c"@example.net>                  ; 250 2.1.5  ; "a\\"b@c"@example.net
            RCPT TO:<"a>b"@example.net>                        ; 250 2.1.5  ; "a>b"@example.net
            RCPT TO:<@a.example,@b.example:u@example.net>      ; 250 2.1.5  ; u@example.net
            RCPT TO:@a.example:u@example.net                   ; 250 2.1.5  ; u@example.net
            RCPT TO:<Postmaster>                               ; 250 2.1.5  ; Postmaster
            RCPT TO:postmaster                                 ; 250 2.1.5  ; postmaster
            RCPT TO:<a/b=c+d@example.net>                      ; 250 2.1.5  ; a/b=c+d@example.net
            RCPT TO:<u@[192.0.2.1]>                            ; 250 2.1.5  ; u@[192.0.2.1]
            RCPT TO:<u@bxC3xBCcher.example>                    ; 250 2.1.5  ; u@xn--bcher-kva.example
            RCPT TO:<xC3xBC@example.net>                       ; 553 5.6.7  ;
            RCPT TO:<u@bxFCcher.example>                       ; 501 5.1.3  ;
            RCPT TO:<>                                         ; 501 5.1.3  ;
            RCPT TO:                                           ; 501 5.1.3  ;
            RCPT TO:u                                          ; 501 5.1.3  ;
            RCPT TO:<u@>                                       ; 501 5.1.3  ;
            RCPT TO:<@example.net>                             ; 501 5.1.3  ;
            RCPT TO:<u@.>                                      ; 501 5.1.3  ;
            RCPT TO:<u@example..net>                           ; 501 5.1.3  ;
            RCPT TO:<u@example.net..>                          ; 501 5.1.3  ;
            RCPT TO:<u@-example.net>                           ; 501 5.1.3  ;
            RCPT TO:<u@[192.0.2.1].>                           ; 250 2.1.5  ; u@[192.0.2.1]
            RCPT TO:<u@example.net                             ; 501 5.1.3  ;
            RCPT TO:u@example.net>                             ; 501 5.1.3  ;
            RCPT TO:<u@example.net>x                           ; 501 5.1.3  ;
            RCPT TO:<u@example.net>,<v@example.net>            ; 501 5.1.3  ;
            RCPT TO:u@example.net,v@example.net                ; 501 5.1.3  ;
            RCPT TO:<u@example.net,v@example.net>              ; 501 5.1.3  ;
            RCPT TO:u@example.net v@example.net                ; 555 5.5.4  ;
            RCPT TO:<u@example.net@evil.example>               ; 501 5.1.3  ;
            RCPT TO:<U <u@example.net>>                        ; 501 5.1.3  ;
            RCPT TO:U <u@example.net>                          ; 501 5.1.3  ;
            RCPT TO:<u (U)@example.net>                        ; 501 5.1.3  ;
            RCPT TO:<"u"."v"@example.net>                      ; 501 5.1.3  ;
            RCPT TO:<"u@example.net>                           ; 501 5.1.3  ;
            RCPT TO:"u@example.net                             ; 501 5.1.3  ;
            RCPT TO:<u\\tv@example.net>                        ; 501 5.1.3  ;
            RCPT TO:<ux7F@example.net>                         ; 501 5.1.3  ;
            RCPT TO:<u@example.net>\\nDATA                     ; 500 5.5.2  ;
            RCPT TO:u@example.net\\rDATA                       ; 500 5.5.2  ;
            RCPT TO:u\\0@example.net                           ; 500 5.5.2  ;
            """, useHeadersInDisplayName = true)
    void aRecipientIsReadAsMostServersReadIt(String command, String reply, String recipient) {
        var policy = policy();
        String replies = converse(policy,
                "EHLO c\r\n" + LOGIN + "MAIL FROM:<a@b.example>\r\n" + octets(command) + "\r\nDATA\r\n.\r\n");
        assertThat(replies).contains("250 2.1.0 sender OK\r\n" + reply);
        if (recipient == null) {
            assertThat(policy.taken()).isEmpty();
        } else {
            assertThat(policy.taken()).singleElement()
                    .satisfies(taken -> assertThat(taken.submission().mailboxes()).containsExactly(recipient));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', textBlock = """
            what the client says                               ; reply      ; sender that goes on
            MAIL FROM:a@b.example                              ; 250 2.1.0  ; a@b.example
            MAIL FROM: a@b.example                             ; 250 2.1.0  ; a@b.example
            mail from: <a@b.example> size=10 body=8bitmime     ; 250 2.1.0  ; a@b.example
            MAIL FROM:a@b.example SIZE=10 BODY=8BITMIME        ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example.>                           ; 250 2.1.0  ; a@b.example
            MAIL FROM:<root@my_host.example>                   ; 250 2.1.0  ; root@my_host.example
            MAIL FROM:<a.@b.example>                           ; 250 2.1.0  ; "a."@b.example
            MAIL FROM:<@c.example:a@b.example>                 ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@bxC3xBCcher.example>                  ; 250 2.1.0  ; a@xn--bcher-kva.example
            MAIL FROM:<a@bxC3xBCcher.example> SMTPUTF8         ; 250 2.1.0  ; a@bücher.example
            MAIL FROM:<>                                       ; 250 2.1.0  ; ~~
            MAIL FROM: <>                                      ; 250 2.1.0  ; ~~
            MAIL FROM:< >                                      ; 250 2.1.0  ; ~~
            MAIL FROM:<a@b.example> SIZE=                      ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> SIZE                       ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> SIZE=-1                    ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> SIZE=12.5                  ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> SIZE=0000000000000000000000000100 ; 250 2.1.0 ; a@b.example
            MAIL FROM:<a@b.example> SIZE=99999999              ; 552 5.3.4  ;
            MAIL FROM:<a@b.example> SIZE=99999999999999999999999999999 ; 552 5.3.4 ;
            MAIL FROM:<a@b.example> AUTH=<>                    ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> AUTH=e+3dmc2@example.com   ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> AUTH=                      ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> ENVID=a+2bb RET=hdrs       ; 250 2.1.0  ; a@b.example
            MAIL FROM:<a@b.example> BODY=BINARYMIME            ; 501 5.5.4  ;
            MAIL FROM:                                         ; 501 5.1.7  ;
            MAIL FROM:a                                        ; 501 5.1.7  ;
            MAIL FROM:<postmaster>                             ; 501 5.1.7  ;
            MAIL FROM:<A <a@b.example>>                        ; 501 5.1.7  ;
            MAIL FROM:<a@b.example>,<c@d.example>              ; 501 5.1.7  ;
            """, useHeadersInDisplayName = true)
    void aSenderIsReadAsMostServersReadIt(String command, String reply, String sender) {
        var policy = policy();
        String replies = converse(policy,
                "EHLO c\r\n" + LOGIN + octets(command) + "\r\nRCPT TO:<x@y.example>\r\nDATA\r\n.\r\n");
        assertThat(replies).contains("235 2.7.0 welcome\r\n" + reply);
        assertThat(policy.taken().stream().map(taken -> taken.submission().sender()).toList())
                .isEqualTo(sender == null ? List.of() : List.of(sender));
    }

    @Test
    void aRecipientIsOneHoweverItIsWritten() {
        var policy = policy();
        converse(policy, "EHLO c\r\n" + LOGIN + "MAIL FROM:<a@b.example>\r\n"
                + "RCPT TO:<a..b@docomo.ne.jp>\r\nRCPT TO:<\"a..b\"@docomo.ne.jp.> NOTIFY=NEVER\r\n"
                + "RCPT TO:x@y.example\r\nRCPT TO:<\"x\"@Y.example>\r\nRCPT TO:<@z.example:x@y.example>\r\n"
                + "RCPT TO:<X@y.example>\r\nDATA\r\n.\r\n"
                + "MAIL FROM:<a@b.example>\r\nRCPT TO:x@y.example\r\nDATA\r\n.\r\n");
        assertThat(policy.taken().stream().map(taken -> taken.submission().mailboxes()).toList()).containsExactly(
                List.of("\"a..b\"@docomo.ne.jp", "x@y.example", "X@y.example"), List.of("x@y.example"));
    }

    /** RFC 5321 section 4.1.4: a name is no reason to refuse, and it is only written down. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', textBlock = """
            what the client says             ; written down
            EHLO client.example              ; client.example
            EHLO John's-Mac                  ; John's-Mac
            EHLO MxDCLLER-PC                 ; M?LLER-PC
            EHLO mxC3xBCller.example         ; m?ller.example
            EHLO my_host                     ; my_host
            EHLO _                           ; _
            EHLO localhost.                  ; localhost.
            EHLO John's MacBook Pro          ; John's?MacBook?Pro
            EHLO [192.0.2.1]                 ; [192.0.2.1]
            EHLO 192.0.2.1                   ; 192.0.2.1
            EHLO 2001:db8::1                 ; 2001:db8::1
            EHLO [2001:db8::1]               ; [2001:db8::1]
            EHLO [IPv6:fe80::1%eth0]         ; [IPv6:fe80::1?eth0]
            EHLO                             ; unknown
            HELO                             ; unknown
            helo pc                          ; pc
            ~EHLO a (b) by c; from=<d>~      ; a??b??by?c??from??d?
            EHLO a\\tb                       ; a?b
            EHLO ax1Bx7Fxx9F                 ; a??x?
            EHLO "a"                         ; ?a?
            EHLO ${jndi:x}                   ; ??jndi:x?
            """, useHeadersInDisplayName = true)
    void anyNameIsTakenAndWrittenDownHarmlessly(String command, String name) {
        var policy = policy();
        String replies = converse(policy, octets(command) + "\r\n" + LOGIN
                + "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n.\r\n");
        assertThat(replies).contains("250 2.0.0 queued");
        assertThat(policy.taken()).singleElement()
                .satisfies(taken -> assertThat(taken.submission().greeting()).isEqualTo(name));
    }

    @Test
    void aNameIsWrittenDownUpTo255Characters() {
        var policy = policy();
        converse(policy, "EHLO " + "x'".repeat(500) + "\r\n" + LOGIN
                + "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n.\r\n");
        assertThat(policy.taken().getFirst().submission().greeting()).hasSize(255);
    }

    /** LOGIN stands for AUTH PLAIN with everything, MAIL for all of a mail. What counts is the last reply. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', textBlock = """
            what the client says, all at once                  ; last reply ; mails
            EHLO c / LOGIN / MAIL                              ; 250 2.0.0  ; 1
            HELO c / LOGIN / MAIL                              ; 250 2.0.0  ; 1
            LOGIN                                              ; 503 5.5.1  ; 0
            EHLO c / HELO c / LOGIN / MAIL                     ; 250 2.0.0  ; 1
            EHLO c / LOGIN / EHLO c / MAIL                     ; 250 2.0.0  ; 1
            EHLO c / EHLO c / LOGIN / RSET / RSET / MAIL       ; 250 2.0.0  ; 1
            EHLO c / LOGIN / MAIL / RSET / MAIL                ; 250 2.0.0  ; 2
            EHLO c / LOGIN / MAIL / NOOP a b / MAIL / QUIT     ; 221 2.0.0  ; 2
            EHLO c / LOGIN / MAIL / QUIT now                   ; 221 2.0.0  ; 1
            EHLO c / LOGIN / MAIL FROM:<> / RSET / MAIL        ; 250 2.0.0  ; 1
            EHLO c / auth plain AHUAcmlnaHQ= / MAIL            ; 250 2.0.0  ; 1
            ~EHLO c / AUTH PLAIN AHUAcmlnaHQ=   / MAIL~        ; 250 2.0.0  ; 1
            EHLO c / AUTH  PLAIN  AHUAcmlnaHQ= / MAIL          ; 250 2.0.0  ; 1
            EHLO c / AUTH PLAIN AHUAcmlnaHQ / MAIL             ; 250 2.0.0  ; 1
            EHLO c / AUTH PLAIN dQB1AHJpZ2h0 / MAIL            ; 250 2.0.0  ; 1
            EHLO c / AUTH PLAIN / AHUAcmlnaHQ= / MAIL          ; 250 2.0.0  ; 1
            ~EHLO c / AUTH PLAIN  / AHUAcmlnaHQ=  / MAIL~      ; 250 2.0.0  ; 1
            EHLO c / AUTH LOGIN / dQ== / cmlnaHQ= / MAIL       ; 250 2.0.0  ; 1
            EHLO c / AUTH LOGIN dQ== / cmlnaHQ= / MAIL         ; 250 2.0.0  ; 1
            EHLO c / AUTH login dQ / cmlnaHQ / MAIL            ; 250 2.0.0  ; 1
            EHLO c / AUTH PLAIN / * / AUTH LOGIN dQ== / cmlnaHQ= / MAIL ; 250 2.0.0 ; 1
            EHLO c / AUTH CRAM-MD5 / AUTH LOGIN dQ== / cmlnaHQ= / MAIL ; 250 2.0.0 ; 1
            EHLO c / AUTH PLAIN eAB1AHA= / LOGIN / MAIL        ; 250 2.0.0  ; 1
            EHLO c / MAIL FROM:<a@b.example>                   ; 530 5.7.0  ; 0
            EHLO c / MAIL FROM:a@b.example                     ; 530 5.7.0  ; 0
            EHLO c / LOGIN / LOGIN                             ; 503 5.5.1  ; 0
            EHLO c / LOGIN / MAIL FROM:<> / RCPT TO:<x> / RCPT TO:x@y.example / DATA / . ; 250 2.0.0 ; 1
            EHLO c / LOGIN / MAIL FROM:<> / RCPT TO:<x@y.example> / RCPT TO:<x@y.example> / DATA / . ; 250 2.0.0 ; 1
            """, useHeadersInDisplayName = true)
    void theOrderOfCommandsIsTheClientsAsFarAsItHasOneMeaning(String commands, String last, int mails) {
        var policy = policy();
        String said = commands.replace("LOGIN / MAIL / ", LOGIN.strip() + " / MAIL / ")
                .replaceAll("(?<=^| / )LOGIN(?=$| / )", LOGIN.strip())
                .replaceAll("(?<= / )MAIL(?=$| / )", "MAIL FROM:<a@b.example> / RCPT TO:<x@y.example> / DATA / x / .")
                .replace(" / ", "\r\n") + "\r\n";
        List<String> replies = converse(policy, said).lines().toList();
        assertThat(replies.getLast()).startsWith(last);
        assertThat(policy.taken()).hasSize(mails);
    }

    /** Dots that a client did not double lose one, as with all servers; only CR LF dot CR LF is the end. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            lines of data       ; the message
            a / .. / b          ; a / . / b
            a / .b / c          ; a / b / c
            .. / .              ; .
            a / . b / ...       ; a /  b / ..
            """, useHeadersInDisplayName = true)
    void dotsAreUndoneOncePerLine(String lines, String message) {
        var policy = policy();
        converse(policy, "EHLO c\r\n" + LOGIN + "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n"
                + lines.replace(" / ", "\r\n") + "\r\n.\r\nQUIT\r\n");
        assertThat(policy.taken()).singleElement()
                .satisfies(taken -> assertThat(taken.content().strip()).isEqualTo(
                        message.replace(" / ", "\r\n").strip()));
    }

    /** Without a login nothing is taken but what RFC 5321 has. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            RCPT TO:x@y.example            ; 501 5.1.3
            RCPT TO:<x@my_host.example>    ; 501 5.1.3
            RCPT TO:<x@y.example.>         ; 501 5.1.3
            RCPT TO:<a..b@y.example>       ; 501 5.1.3
            RCPT TO:<u@bxC3xBCcher.example> ; 553 5.6.7
            RCPT TO:<x@y.example>          ; 250 2.1.5
            """)
    void withoutALoginTheGrammarHolds(String command, String reply) {
        assertThat(converse(new TestPolicy(), "EHLO c\r\nMAIL FROM:<a@b.example>\r\n" + octets(command) + "\r\n"))
                .contains("250 2.1.0 sender OK\r\n" + reply);
    }
}
