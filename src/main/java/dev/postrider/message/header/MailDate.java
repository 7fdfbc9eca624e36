package dev.postrider.message.header;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates as headers have them (RFC 5322 section 3.3). */
public final class MailDate {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z",
            Locale.ROOT);

    private MailDate() {}

    /** In UTC: {@code Sun, 1 Mar 2026 12:00:00 +0000}. */
    public static String of(Instant time) {
        return FORMAT.format(time.atOffset(ZoneOffset.UTC));
    }
}
