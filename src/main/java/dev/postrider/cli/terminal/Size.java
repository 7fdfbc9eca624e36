package dev.postrider.cli.terminal;

import java.util.List;
import java.util.Locale;

/** How large something is, in few characters: {@code 19B}, {@code 12KiB}, {@code 1.4MiB}. */
public final class Size {
    private static final List<String> UNITS = List.of("MiB", "GiB", "TiB", "PiB");
    private static final long KIB = 1024;

    private Size() {}

    /**
     * Rounded to what is shown.
     *
     * @param octets nothing negative
     */
    public static String of(long octets) {
        if (octets < KIB) {
            return octets + "B";
        }
        if (octets < KIB * KIB) {
            return (octets + KIB / 2) / KIB + "KiB";
        }
        double size = octets / (double) (KIB * KIB);
        int unit = 0;
        while (size >= KIB && unit < UNITS.size() - 1) {
            size /= KIB;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f", size) + UNITS.get(unit);
    }
}
