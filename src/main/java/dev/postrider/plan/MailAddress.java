package dev.postrider.plan;

import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a text is a mail address (RFC 5321 section 4.1.2, RFC 6531 for characters beyond ASCII). */
final class MailAddress {
    private MailAddress() {}

    /** What is wrong with the address; empty when nothing is. */
    static Optional<String> problem(String address) {
        int at = address.lastIndexOf('@');
        if (at <= 0 || at == address.length() - 1) {
            return Optional.of("\"" + address + "\" is no mail address; write it as name@example.com");
        }
        // RFC 5321 section 4.5.3.1.1 counts octets.
        if (address.substring(0, at).getBytes(StandardCharsets.UTF_8).length > 64) {
            return Optional.of("\"" + address + "\" has more than 64 octets before the at-sign (RFC 5321)");
        }
        try {
            new InternetAddress(address, true);
            return Optional.empty();
        } catch (AddressException e) {
            return Optional.of("\"" + address + "\" is no mail address: " + e.getMessage());
        }
    }

    /** Records what is wrong with the address in a field, if there is one. */
    static void check(String field, @Nullable String address, List<Problem> problems) {
        if (address != null) {
            problem(address).ifPresent(p -> problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, field, p)));
        }
    }

    static boolean isAddress(String text) {
        return problem(text).isEmpty();
    }
}
