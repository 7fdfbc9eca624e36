package dev.postrider.local;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds the name that somebody may have meant. */
final class NearestName {
    private NearestName() {}

    /** {@code ; did you mean "host"?} or, where nothing is near, the names that there are. */
    static String suggestion(String name, Collection<String> known) {
        String nearest = known.stream().min(Comparator.comparingInt(other -> distance(name, other))).orElse("");
        if (!nearest.isEmpty() && distance(name, nearest) <= Math.max(2, name.length() / 3)) {
            return "; did you mean \"" + nearest + "\"?";
        }
        return known.isEmpty() ? "" : "; known are " + String.join(", ", known.stream().sorted().toList());
    }

    /** Edits that turn one into the other, case apart (Levenshtein). */
    private static int distance(String from, String to) {
        String a = from.toLowerCase(Locale.ROOT);
        String b = to.toLowerCase(Locale.ROOT);
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
