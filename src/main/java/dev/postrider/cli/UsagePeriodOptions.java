package dev.postrider.cli;

import dev.postrider.cli.cluster.RelayConnection;
import dev.postrider.route.CountedMail;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.UsageJson;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Of which days the mail is meant. */
final class UsagePeriodOptions {
    @Option(names = "--month", paramLabel = "MONTH", converter = Month.class, description = "A month, as 2026-10. "
            + "Default: this one so far.")
    @Nullable
    YearMonth month;

    @Option(names = "--last", paramLabel = "DAYS", converter = Days.class, description = "The last days, as 30d; today "
            + "is one of them.")
    @Nullable
    Integer last;

    @Option(names = "--from", paramLabel = "DATE", converter = Day.class, description = "The first day, as 2026-10-01. "
            + "Default: 31 days before --to.")
    @Nullable
    LocalDate from;

    @Option(names = "--to", paramLabel = "DATE", converter = Day.class, description = "The day after the last, at most "
            + "400 days later. Default: tomorrow.")
    @Nullable
    LocalDate to;

    // @formatter:on

    /** @throws ParameterException if more than one period is given */
    void check(CommandLine command) {
        if (Stream.of(month != null, last != null, from != null || to != null).filter(given -> given).count() > 1) {
            throw new ParameterException(command, "--month, --last, and --from with --to exclude each other");
        }
    }

    /**
     * What a relay has counted in that time.
     *
     * @throws IOException what the relay says against it
     */
    CountedMail of(ResourceKey organization, RelayConnection relay) throws IOException, InterruptedException {
        if (month != null) {
            return ask(relay, organization, month.atDay(1), month.plusMonths(1).atDay(1));
        }
        CountedMail counted = ask(relay, organization, from, to);
        if (from != null || to != null) {
            return counted;
        }
        // Only the relay knows which day it is for the organization. It has told of 31 days, so of the whole month.
        LocalDate first = last == null
                ? counted.to().minusDays(1).withDayOfMonth(1)
                : counted.to().minusDays(last);
        return first.isBefore(counted.from())
                ? ask(relay, organization, first, counted.to())
                : counted.since(first);
    }

    private static CountedMail ask(RelayConnection relay, ResourceKey organization, @Nullable LocalDate from,
            @Nullable LocalDate to) throws IOException, InterruptedException {
        String query = Stream
                .of(parameter("organization", organization), parameter("from", from), parameter("to", to))
                .flatMap(Optional::stream)
                .collect(Collectors.joining("&"));
        try {
            return UsageJson.read(relay.get("/usage?" + query));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("The relay's answer cannot be read. Is it of another version?", e);
        }
    }

    private static Optional<String> parameter(String name, @Nullable Object value) {
        return Optional.ofNullable(value)
                .map(some -> name + "=" + URLEncoder.encode(some.toString(), StandardCharsets.UTF_8));
    }

    /** Reads {@code 2026-10}. */
    static final class Month implements ITypeConverter<YearMonth> {
        @Override
        public YearMonth convert(String text) {
            try {
                return YearMonth.parse(text);
            } catch (DateTimeException e) {
                throw new TypeConversionException("'" + text + "' is no month; write it as 2026-10");
            }
        }
    }

    /** Reads {@code 2026-10-01}. */
    static final class Day implements ITypeConverter<LocalDate> {
        @Override
        public LocalDate convert(String text) {
            try {
                return LocalDate.parse(text);
            } catch (DateTimeException e) {
                throw new TypeConversionException("'" + text + "' is no day; write it as 2026-10-01");
            }
        }
    }

    /** Reads {@code 30d}. */
    static final class Days implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (!text.matches("[1-9][0-9]{0,3}d")) {
                throw new TypeConversionException("'" + text + "' is no number of days; write it as 30d");
            }
            return Integer.valueOf(text.substring(0, text.length() - 1));
        }
    }
}
