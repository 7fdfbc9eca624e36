package dev.postrider.cli.terminal;

import java.time.Duration;
import java.time.Instant;

/** How long ago something was, and how long it takes until something is, as kubectl writes it. */
public final class Age {
    private Age() {}

    /** What has passed since a time. */
    public static String since(Instant time, Instant now) {
        return of(Duration.between(time, now));
    }

    /** What is left until a time, or {@code now}. */
    public static String until(Instant time, Instant now) {
        Duration left = Duration.between(now, time);
        return left.isPositive() ? of(left) : "now";
    }

    /** As kubectl rounds ages (HumanDuration of k8s.io/apimachinery); nothing negative. */
    public static String of(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        long minutes = seconds / 60;
        long hours = minutes / 60;
        long days = hours / 24;
        if (seconds < 120) {
            return seconds + "s";
        } else if (minutes < 10) {
            return minutes + "m" + rest(seconds % 60, "s");
        } else if (hours < 3) {
            return minutes + "m";
        } else if (hours < 8) {
            return hours + "h" + rest(minutes % 60, "m");
        } else if (hours < 48) {
            return hours + "h";
        } else if (days < 8) {
            return days + "d" + rest(hours % 24, "h");
        }
        return days + "d";
    }

    private static String rest(long value, String unit) {
        return value == 0 ? "" : value + unit;
    }
}
