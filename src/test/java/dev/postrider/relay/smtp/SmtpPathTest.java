package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SmtpPathTest {
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '\'', textBlock = """
            <>                                   ; ''
            <a@b.example>                        ; a@b.example
            '  <a@b.example> '                   ; a@b.example
            <a.b+c@b-c.example>                  ; a.b+c@b-c.example
            <"a b"@c.example>                    ; "a b"@c.example
            <"a\\"b>@x"@c.example>               ; "a\\"b>@x"@c.example
            <a@[192.0.2.1]>                      ; a@[192.0.2.1]
            <a@[IPv6:2001:db8::1]>               ; a@[IPv6:2001:db8::1]
            <@one.example,@two.example:a@b.example> ; a@b.example
            <jürgen@köln.example>                ; jürgen@köln.example
            <Postmaster>                         ; Postmaster
            """)
    void reads(String text, String mailbox) {
        assertThat(SmtpPath.parse(text).map(SmtpPath::mailbox)).isEqualTo(Optional.of(mailbox));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a@b.example", "<a@b.example", "<a@b.example>x", "<a>", "<@b.example>", "<a@>",
            "<a b@c.example>", "<.a@b.example>", "<a.@b.example>", "<a..b@c.example>", "<a@-b.example>", "<a@b..c>",
            "<a@b_c.example>", "<a@b.example.>", "<a@[300.0.0.1]>", "<a@[IPv6:zz::1]>", "<a@[IPv6:1]>", "<a@b@c>",
            "<\"a@b.example>", "<a\tb@c.example>", "<@one.example:>", "<a,b@c.example>", "<a\uFFFDb@c.example>"})
    void refuses(String text) {
        assertThat(SmtpPath.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"64, 10, true", "65, 10, false", "10, 63, true", "10, 64, false"})
    void bounds(int local, int label, boolean allowed) {
        String path = "<" + "x".repeat(local) + "@" + "y".repeat(label) + ".example>";
        assertThat(SmtpPath.parse(path).isPresent()).isEqualTo(allowed);
    }
}
