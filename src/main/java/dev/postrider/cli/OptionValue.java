package dev.postrider.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Values of options whose default is a variable of the environment: one that is set and blank counts as none. */
final class OptionValue {
    private OptionValue() {}

    static Optional<String> given(@Nullable String option) {
        return Optional.ofNullable(option).filter(text -> !text.isBlank());
    }
}
