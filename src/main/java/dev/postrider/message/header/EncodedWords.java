package dev.postrider.message.header;

import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The encoded words of a display name (RFC 2047). They are looked for wherever some program would: in quoted strings and
 * within words too, with blanks and question marks in them. A name is passed once: a regular expression would look for
 * the end of each word that has none.
 */
final class EncodedWords {
    private static final String START = "=?";
    private static final String END = "?=";
    private static final Pattern QUOTED_OCTET = Pattern.compile("=([0-9A-Fa-f]{2})|.", Pattern.DOTALL);

    private EncodedWords() {}

    /**
     * A part of a name.
     *
     * @param text   as it is written, or what the word stands for
     * @param isWord whether it was an encoded word
     */
    record Run(String text, boolean isWord) {}

    /** The parts of a name in their order; empty if some word cannot be read in one way, or hides a control character. */
    static Optional<List<Run>> runs(String name) {
        List<Run> runs = new ArrayList<>();
        int plain = 0;
        for (int start = name.indexOf(START); start >= 0;) {
            int charset = start + START.length();
            int encoding = name.indexOf('?', charset);
            int content = encoding + 3;
            boolean begins = encoding >= 0 && content <= name.length() && name.charAt(encoding + 2) == '?'
                    && "BbQq".indexOf(name.charAt(encoding + 1)) >= 0;
            int end = begins ? name.indexOf(END, content) : -1;
            if (begins && end < 0) {
                // Nor does any other word end.
                break;
            }
            if (begins) {
                if (name.substring(content, end).contains(START)) {
                    // Some begin to read there, and come to other text.
                    return Optional.empty();
                }
                Optional<String> word = decode(name.substring(charset, encoding), name.charAt(encoding + 1),
                        name.substring(content, end));
                if (word.isEmpty()) {
                    return Optional.empty();
                }
                runs.add(new Run(name.substring(plain, start), false));
                runs.add(new Run(word.get(), true));
                plain = end + END.length();
            }
            start = name.indexOf(START, begins ? plain : charset);
        }
        runs.add(new Run(name.substring(plain), false));
        return Optional.of(runs);
    }

    private static Optional<String> decode(String charsetName, char encoding, String content) {
        try {
            int language = charsetName.indexOf('*');
            Charset charset = Charset.forName(MimeUtility
                    .javaCharset(language < 0 ? charsetName : charsetName.substring(0, language)));
            byte[] octets = Character.toLowerCase(encoding) == 'b'
                    ? Base64.getMimeDecoder().decode(content)
                    : quoted(content);
            // ISO-2022 has controls of its own; what has them elsewhere has them in every reading.
            return Optional.of(new String(octets, charset))
                    .filter(text -> !hasControl(text)
                            && (charset.name().startsWith("ISO-2022") || !hasControlOfAscii(octets)));
        } catch (IllegalArgumentException e) {
            // A charset that is not known here may be known where the mail is read, as UTF-7 is.
            return Optional.empty();
        }
    }

    static boolean hasControl(String text) {
        return text.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t');
    }

    private static boolean hasControlOfAscii(byte[] octets) {
        for (byte octet : octets) {
            if (octet >= 0 && octet < ' ' && octet != '\t' || octet == 127) {
                return true;
            }
        }
        return false;
    }

    /** RFC 2047 section 4.2. */
    private static byte[] quoted(String encoded) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        Matcher octet = QUOTED_OCTET.matcher(encoded);
        while (octet.find()) {
            octets.writeBytes(octet.group(1) != null
                    ? HexFormat.of().parseHex(octet.group(1))
                    : octet.group().equals("_") ? new byte[]{' '} : octet.group().getBytes(StandardCharsets.UTF_8));
        }
        return octets.toByteArray();
    }
}
