package dev.postrider.relay.admin;

import dev.postrider.route.ResourceKey;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a request for what was counted.
 *
 * @param first the first day, if it is given
 * @param to    the day after the last, if it is given
 */
record UsageQuery(ResourceKey organization, Optional<LocalDate> first, Optional<LocalDate> to) {
    private static final int DEFAULT_DAYS = 31;
    private static final int MOST_DAYS = 400;
    private static final int LENGTH = "2026-03-01".length();

    static UsageQuery of(@Nullable String raw) throws Problem {
        Map<String, String> values = QueueQuery.parameters(raw, List.of("organization", "from", "to"));
        if (!values.containsKey("organization")) {
            throw Problem.badRequest("organization is missing: whose mail?");
        }
        return new UsageQuery(QueueQuery.organization(values.getOrDefault("organization", "")), date(values, "from"),
                date(values, "to"));
    }

    private static Optional<LocalDate> date(Map<String, String> values, String name) throws Problem {
        @Nullable
        String text = values.get(name);
        if (text == null) {
            return Optional.empty();
        }
        try {
            LocalDate date = LocalDate.parse(text);
            // Longer years are dates to Java, which would not sort as text.
            if (text.length() == LENGTH) {
                return Optional.of(date);
            }
        } catch (DateTimeException e) {
            // The same is wrong with it.
        }
        throw Problem.badRequest(name + ": " + text + " is not a date such as 2026-03-01");
    }

    /** The first day, by default the 31st before the end. */
    LocalDate from(LocalDate end) throws Problem {
        LocalDate from = first.orElseGet(() -> end.minusDays(DEFAULT_DAYS));
        long days = ChronoUnit.DAYS.between(from, end);
        if (days < 1 || days > MOST_DAYS) {
            throw Problem.badRequest("from %s to %s are %d days; 1 to %d are possible, the day of to not counted"
                    .formatted(from, end, days, MOST_DAYS));
        }
        return from;
    }
}
