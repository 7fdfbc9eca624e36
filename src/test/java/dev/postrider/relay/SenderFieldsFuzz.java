package dev.postrider.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.message.header.OverlongNameException;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.ResourceKey;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

/** Headers of any octets: whatever passes, another program reads no sender in it that is not allowed. */
@Tag("organizations")
final class SenderFieldsFuzz {

    @DictionaryFile(resourcePath = "SenderFields.dict")
    @FuzzTest(maxDuration = "3s")
    void nobodyElseIsReadAsTheSender(byte[] octets) throws Exception {
        // As the listener hands it over: only CR LF, at the end as well, and no NUL.
        String message = new String(octets, StandardCharsets.ISO_8859_1).replaceAll("[\r\u0000]", "")
                .replaceFirst("(?<=[^\n])\\z", "\n")
                .replace("\n", "\r\n");
        String rewritten;
        try {
            rewritten = pass(message, 8192, Otherwise.REWRITE);
        } catch (RefusedException e) {
            assertThat(e).hasMessage("the message has more than 20 Resent-From and Resent-Sender fields");
            return;
        } catch (OverlongNameException _) {
            assertThat(message).hasSizeGreaterThan(997);
            return;
        }
        assertThat(pass(message, 1, Otherwise.REWRITE)).isEqualTo(rewritten);
        assertThat(pass(rewritten, 8192, Otherwise.REFUSE)).isEqualTo(rewritten);
        read(rewritten);
        try {
            assertThat(pass(message, 8192, Otherwise.REFUSE)).isEqualTo(rewritten);
        } catch (RefusedException e) {
            assertThat(e).hasMessageContaining("; send as <a@b.example>");
        }
    }

    private static void read(String message) throws MessagingException {
        var headers = new InternetHeaders(new ByteArrayInputStream(message.getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(headers.getHeader("From")).hasSize(1);
        try {
            assertThat(InternetAddress.parseHeader(headers.getHeader("From", null), false))
                    .isNotEmpty()
                    .allSatisfy(address -> assertThat(identity(Otherwise.REFUSE)
                            .allows(List.of(CanonicalAddress.of(address.getAddress())))).isTrue());
        } catch (AddressException e) {
            // It reads nobody.
        }
    }

    private static SenderIdentity identity(Otherwise otherwise) {
        return new SenderIdentity(new ResourceKey("n", "o"), new Address("a@b.example", Optional.empty()),
                "a@b.example", Optional.empty(), Optional.empty(),
                new AllowedSenders(List.of("@c.example"), otherwise));
    }

    private static String pass(String message, int most, Otherwise otherwise) throws IOException {
        byte[] octets = message.getBytes(StandardCharsets.ISO_8859_1);
        var out = new ByteArrayOutputStream();
        var fields = new SenderFields(out, identity(otherwise), true);
        for (int i = 0; i < octets.length; i += most) {
            fields.write(Arrays.copyOfRange(octets, i, Math.min(octets.length, i + most)));
        }
        fields.finish();
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
