package dev.postrider.relay.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.message.header.Xtext;
import dev.postrider.route.CanonicalAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

/** The text after MAIL FROM: and RCPT TO:, any UTF-8. */
@Tag("relay")
final class EsmtpParametersFuzz {

    @DictionaryEntries({"<", ">", "<a@b.example>", "@[192.0.2.1]", "@[IPv6:2001:db8::1]", "<@a,@b:c@d>", "\"", "\\",
            "Postmaster", " SIZE=1", " BODY=7BIT", " SMTPUTF8", " RET=HDRS", " ENVID=x+2B", " NOTIFY=SUCCESS,DELAY",
            " ORCPT=rfc822;a@b", " ORCPT=utf-8;\\x{1F600}"})
    @FuzzTest(maxDuration = "3s")
    void readsBackWhatItRead(byte[] octets) {
        Optional<SmtpPath> path = SmtpPath.parse(new String(octets, StandardCharsets.UTF_8));
        path.ifPresent(read -> {
            assertThat(SmtpPath.parse("<" + read.mailbox() + ">")).contains(new SmtpPath(read.mailbox(), ""));
            mail(read.parameters());
            recipient(read);
        });
    }

    /** However a client writes a path, what goes on is one of RFC 5321, underscores aside, and stays the same. */
    @DictionaryEntries({"<", ">", "a@b.example", "@[192.0.2.1]", "<@a,@b:c@d>", "\"", "\\", "..", ".@", ".>", "_", "\t",
            " ", "@b\u00fcr.example", "Postmaster", " SIZE=1"})
    @FuzzTest(maxDuration = "3s")
    void bringsClientsPathsIntoForm(byte[] octets) {
        String text = new String(octets, StandardCharsets.UTF_8);
        Optional<SmtpPath> path = ClientPath.parse(text);
        path.map(SmtpPath::mailbox).ifPresent(mailbox -> {
            assertThat(ClientPath.parse("<" + mailbox + ">")).contains(new SmtpPath(mailbox, ""));
            assertThat(ClientPath.parse(mailbox + " X=Y").isPresent()).isEqualTo(!mailbox.isEmpty());
            String strict = mailbox.substring(0, mailbox.lastIndexOf('@') + 1)
                    + mailbox.substring(mailbox.lastIndexOf('@') + 1).replace('_', 'x');
            assertThat(SmtpPath.parse("<" + strict + ">")).contains(new SmtpPath(strict, ""));
        });
        // Who was understood before is understood the same, but for quotes that nobody needs.
        SmtpPath.parse(text.strip())
                .ifPresent(strict -> assertThat(path.map(SmtpPath::mailbox).map(CanonicalAddress::of))
                        .contains(CanonicalAddress.of(strict.mailbox())));
    }

    private static void mail(String parameters) {
        try {
            MailParameters read = MailParameters.parse(parameters, true);
            assertThat(read.size()).isNotNegative();
            if (read.dsn().envelopeId().isPresent()) {
                String id = read.dsn().envelopeId().get();
                assertThat(Xtext.decode(Xtext.encode(id))).contains(id);
            }
        } catch (EsmtpParameters.Refused e) {
            assertThat(e.code()).isIn(501, 555);
        }
    }

    private static void recipient(SmtpPath path) {
        try {
            Recipient read = Recipient.parse(path.mailbox(), path.parameters(), true);
            if (read.original().isPresent()) {
                OriginalRecipient original = read.original().get();
                assertThat(original.parameter()).matches("[!-~]+;[!-~]+");
                if (original.parameter().length() <= 500) {
                    assertThat(OriginalRecipient.parse(original.parameter())).isEqualTo(original);
                }
            }
        } catch (EsmtpParameters.Refused e) {
            assertThat(e.code()).isIn(501, 555);
        }
    }
}
