package dev.postrider.relay.links;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Octets of a file that a client asks for (RFC 9110 section 14).
 *
 * @param offset of the first
 * @param length how many
 */
record ByteRange(long offset, long length) {
    private static final Pattern ONE = Pattern.compile("bytes=\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*",
            Pattern.CASE_INSENSITIVE);

    /** None of what was asked for is there (416). */
    static final class UnsatisfiableException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /**
     * The octets that a field Range asks for; empty for all of them: a range that is none, in another unit, or of
     * several parts may be ignored (section 14.2).
     *
     * @param size of the file
     * @throws UnsatisfiableException if the range lies beyond the file
     */
    static Optional<ByteRange> of(String field, long size) throws UnsatisfiableException {
        Matcher matcher = ONE.matcher(field.strip());
        if (!matcher.matches() || matcher.group(1).isEmpty() && matcher.group(2).isEmpty()) {
            return Optional.empty();
        }
        if (matcher.group(1).isEmpty()) {
            long last = Math.min(Long.parseLong(matcher.group(2)), size);
            if (last == 0) {
                throw new UnsatisfiableException();
            }
            return Optional.of(new ByteRange(size - last, last));
        }
        long first = Long.parseLong(matcher.group(1));
        long last = matcher.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(matcher.group(2));
        if (last < first) {
            return Optional.empty();
        }
        if (first >= size) {
            throw new UnsatisfiableException();
        }
        return Optional.of(new ByteRange(first, Math.min(last, size - 1) - first + 1));
    }

    /** As the field Content-Range has it. */
    String of(long size) {
        return "bytes " + offset + "-" + (offset + length - 1) + "/" + size;
    }
}
