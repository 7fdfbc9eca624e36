package dev.postrider.message.header;

import dev.postrider.route.CanonicalAddress;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.ContentDisposition;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParameterList;
import java.io.UnsupportedEncodingException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What header fields and addresses of RFC 6532 are in ASCII: encoded words (RFC 2047) where the grammar of the field has
 * text, names or comments, parameters of RFC 2231, domains in A-labels (RFC 5890). What stands before an at-sign has no
 * such form.
 */
public final class AsciiForms {
    private static final Set<String> ADDRESSES = Set.of("from", "sender", "reply-to", "to", "cc", "bcc", "resent-from",
            "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc", "return-path",
            "disposition-notification-to", "return-receipt-to", "errors-to", "mail-followup-to", "mail-reply-to");
    private static final Set<String> IDS = Set.of("message-id", "in-reply-to", "references", "content-id",
            "resent-message-id");
    private static final Set<String> WITH_COMMENTS = Set.of("date", "resent-date", "mime-version",
            "content-transfer-encoding", "auto-submitted", "content-language");
    private static final int DEEPEST_COMMENT = 20;
    private static final Charset LEGACY = Charset.forName("windows-1252");
    private static final Pattern COMMENT = Pattern.compile("(?<=\\()[^()\\\\]*+(?=\\))");
    private static final Pattern IN_BRACKETS = Pattern.compile("(?<=<)[^<>]*+(?=>)");
    /** Possessive, and only from where a run begins: it never looks twice at the same characters. */
    private static final Pattern OUTSIDE_BRACKETS = Pattern.compile("(?<![^<>,])[^<>,]++(?=<|$)");

    private AsciiForms() {}

    /** There is none; the message says why, as the end of a sentence about the field or address. */
    public static final class NoneException extends Exception {
        private static final int LONGEST = 400;

        NoneException(String why) {
            super(why.length() > LONGEST ? why.substring(0, LONGEST) + "..." : why);
        }
    }

    /** Whether a field holds addresses. */
    public static boolean isOfAddresses(String name) {
        return ADDRESSES.contains(name.toLowerCase(Locale.ROOT));
    }

    /**
     * Whether all brackets and quotes of a list of addresses close, and comments stand in few others: where they do not,
     * Jakarta Mail begins anew behind each, so that what it costs grows with the square of them.
     */
    public static boolean closesBrackets(String addresses) {
        int comments = 0;
        boolean quoted = false;
        boolean inAngle = false;
        for (int i = 0; i < addresses.length() && comments <= DEEPEST_COMMENT; i++) {
            char c = addresses.charAt(i);
            if (c == '\\' && (comments > 0 || quoted || inAngle)) {
                i++;
            } else if (comments > 0) {
                comments += c == '(' ? 1 : c == ')' ? -1 : 0;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == '<' || c == '(')) {
                if (inAngle) {
                    return false;
                }
                inAngle = c == '<';
                comments = inAngle ? 0 : 1;
            } else if (!quoted && c == '>') {
                inAngle = false;
            }
        }
        return comments == 0 && !quoted && !inAngle;
    }

    static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }

    /** An address whose domain is in A-labels. */
    public static String address(String address) throws NoneException {
        int at = address.lastIndexOf('@');
        if (!isAscii(address.substring(0, Math.max(at, 0)))) {
            throw new NoneException("what stands before the at-sign of <" + address.replaceAll("\\p{Cntrl}", "?")
                    + "> has no form in ASCII");
        }
        return address.substring(0, at + 1) + domain(address.substring(at + 1));
    }

    private static String domain(String domain) throws NoneException {
        return isAscii(domain)
                ? domain
                : CanonicalAddress.domain(domain)
                        .orElseThrow(() -> new NoneException(
                                "\"" + domain.replaceAll("\\p{Cntrl}", "?") + "\" is no domain of IDNA"));
    }

    /**
     * A field with its folds and its line end.
     *
     * @param octets of one that holds octets above 127 in UTF-8 (RFC 6532), its name and its line end included
     */
    public static String field(byte[] octets) throws NoneException {
        return field(utf8(octets).orElseThrow(() -> new NoneException("it holds octets that are no UTF-8")));
    }

    /** The same of a field from before RFC 6532: octets that are not UTF-8 are those of Windows-1252. */
    public static String legacyField(byte[] octets) throws NoneException {
        return field(utf8(octets).orElseGet(() -> new String(octets, LEGACY)));
    }

    private static Optional<String> utf8(byte[] octets) {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static String field(String text) throws NoneException {
        int colon = text.indexOf(':');
        String name = text.substring(0, colon).strip();
        if (!isAscii(name)) {
            throw new NoneException("its name is not in ASCII");
        }
        String body = text.substring(colon + 1).replaceAll("\r?\n", "").strip();
        String ascii;
        try {
            ascii = body(name.toLowerCase(Locale.ROOT), body);
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("every Java has UTF-8", e);
        }
        if (!isAscii(ascii)) {
            throw new NoneException("characters beyond ASCII stand where encoded words may not (RFC 2047 section 5)");
        }
        return name + ": " + MimeUtility.fold(name.length() + 2, ascii) + "\r\n";
    }

    private static String body(String name, String body) throws NoneException, UnsupportedEncodingException {
        if (ADDRESSES.contains(name)) {
            return addresses(body);
        }
        if (IDS.contains(name)) {
            return replaced(IN_BRACKETS, comments(body), AsciiForms::id);
        }
        if (WITH_COMMENTS.contains(name)) {
            return comments(body);
        }
        if (name.equals("list-id")) {
            return replaced(IN_BRACKETS, replaced(OUTSIDE_BRACKETS, body, AsciiForms::phrase), AsciiForms::id);
        }
        if (name.startsWith("list-") || name.equals("content-location") || name.equals("content-base")) {
            return percentEncoded(comments(body));
        }
        return switch (name) {
            case "content-type" -> contentType(body);
            case "content-disposition" -> contentDisposition(body);
            case "keywords" -> replaced(Pattern.compile("[^,]+"), body, AsciiForms::phrase);
            // For people, who find the rest of it in the servers' logs.
            case "received" -> body.replaceAll("[^\\x00-\\x7f]", "?");
            default -> MimeUtility.encodeText(MimeUtility.decodeText(body), "UTF-8", null);
        };
    }

    private static String addresses(String body) throws NoneException, UnsupportedEncodingException {
        if (!closesBrackets(body)) {
            throw new NoneException("it cannot be read: a bracket or quote in it does not close");
        }
        try {
            List<String> ascii = new ArrayList<>();
            for (InternetAddress address : InternetAddress.parseHeader(body, false)) {
                ascii.add(address.isGroup() ? group(address) : mailbox(address));
            }
            return String.join(", ", ascii);
        } catch (MessagingException e) {
            throw new NoneException("it cannot be read: " + e.getMessage());
        }
    }

    private static String group(InternetAddress group)
            throws MessagingException, NoneException, UnsupportedEncodingException {
        String name = group.getAddress().substring(0, group.getAddress().indexOf(':'));
        List<String> members = new ArrayList<>();
        for (InternetAddress member : group.getGroup(false)) {
            members.add(mailbox(member));
        }
        return phrase(name.strip()) + ": " + String.join(", ", members) + ";";
    }

    private static String mailbox(InternetAddress address) throws NoneException, UnsupportedEncodingException {
        return new InternetAddress(address(address.getAddress()), address.getPersonal(), "UTF-8").toString();
    }

    private static String id(String id) throws NoneException {
        int at = id.lastIndexOf('@');
        return id.substring(0, at + 1) + domain(id.substring(at + 1));
    }

    private static String phrase(String phrase) throws UnsupportedEncodingException {
        if (isAscii(phrase)) {
            return phrase;
        }
        String words = phrase.strip();
        String unquoted = words.startsWith("\"") && words.endsWith("\"") && words.length() > 1
                ? words.substring(1, words.length() - 1).replaceAll("\\\\(.)", "$1")
                : words;
        String before = phrase.substring(0, phrase.indexOf(words));
        return before + MimeUtility.encodeWord(MimeUtility.decodeText(unquoted), "UTF-8", null)
                + phrase.substring(before.length() + words.length());
    }

    private static String comments(String body) throws NoneException, UnsupportedEncodingException {
        return replaced(COMMENT, body, AsciiForms::phrase);
    }

    private static String percentEncoded(String body) throws NoneException, UnsupportedEncodingException {
        return replaced(Pattern.compile("[^\\x00-\\x7f]+"), body, AsciiForms::octetsOfUri);
    }

    private static String octetsOfUri(String characters) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : characters.getBytes(StandardCharsets.UTF_8)) {
            encoded.append('%').append(String.format("%02X", octet & 0xff));
        }
        return encoded.toString();
    }

    private static String contentType(String body) throws NoneException {
        try {
            ContentType type = new ContentType(body);
            type.setParameterList(encoded(type.getParameterList()));
            return type.toString();
        } catch (MessagingException e) {
            throw new NoneException("it cannot be read: " + e.getMessage());
        }
    }

    private static String contentDisposition(String body) throws NoneException {
        try {
            ContentDisposition disposition = new ContentDisposition(body);
            disposition.setParameterList(encoded(disposition.getParameterList()));
            return disposition.toString();
        } catch (MessagingException e) {
            throw new NoneException("it cannot be read: " + e.getMessage());
        }
    }

    /** @param parameters null where there are none */
    private static ParameterList encoded(@Nullable ParameterList parameters) {
        ParameterList encoded = new ParameterList();
        if (parameters == null) {
            return encoded;
        }
        for (String name : Collections.list(parameters.getNames())) {
            encoded.set(name, parameters.get(name), "UTF-8");
        }
        return encoded;
    }

    /** What may fail of a part of a field. */
    @FunctionalInterface
    private interface Form {
        String of(String part) throws NoneException, UnsupportedEncodingException;
    }

    private static String replaced(Pattern parts, String body, Form form)
            throws NoneException, UnsupportedEncodingException {
        StringBuilder text = new StringBuilder();
        Matcher matcher = parts.matcher(body);
        while (matcher.find()) {
            matcher.appendReplacement(text, Matcher.quoteReplacement(form.of(matcher.group())));
        }
        return matcher.appendTail(text).toString();
    }
}
