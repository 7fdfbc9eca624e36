package dev.postrider.plan;

import java.util.List;
import java.util.stream.Collectors;

/** Lists of names that stay short enough to read. */
final class Names {
    private static final int SHOWN = 10;

    private Names() {}

    /** The first ten, and how many more there are. */
    static String some(List<?> names) {
        String shown = names.stream().limit(SHOWN).map(Object::toString).collect(Collectors.joining(", "));
        return names.size() > SHOWN ? shown + " and " + (names.size() - SHOWN) + " more" : shown;
    }
}
