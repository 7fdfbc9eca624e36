package dev.postrider.cli;

import dev.postrider.route.Durations;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a duration as resources write them: 30s, 5m, 4h. */
final class Time implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
        try {
            return Durations.read(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
