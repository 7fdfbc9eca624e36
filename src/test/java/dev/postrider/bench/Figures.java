package dev.postrider.bench;

import dev.postrider.bench.Figure.Better;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** What was measured of each relay, in each round, and the ratios that it comes to. */
final class Figures {
    static final String POSTRIDER = "Postrider";
    static final String POSTRIDER_ON_POSTGRES = "Postrider on PostgreSQL";
    /** Both Postfixes begin so. */
    static final String POSTFIX = "Postfix";
    /** The client beside the server, with no relay between them. */
    static final String LIMIT = "client to sink";

    private final Map<Figure, Map<String, List<Double>>> measured = new LinkedHashMap<>();

    void add(Figure figure, String relay, double value) {
        measured.computeIfAbsent(figure, _ -> new LinkedHashMap<>())
                .computeIfAbsent(relay, _ -> new ArrayList<>())
                .add(value);
    }

    /** What was measured last of a relay. */
    double last(Figure figure, String relay) {
        return measured.getOrDefault(figure, Map.of()).getOrDefault(relay, List.of()).getLast();
    }

    /**
     * A line {@code name: N.NN} for each ratio to the better Postfix, or for what is not compared, with the goal where
     * there is one; of all rounds the median, or the total.
     */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        measured.forEach((figure, relays) -> {
            OptionalDouble postfix = postfix(figure, relays);
            line(lines, "", figure, relays.get(POSTRIDER), postfix, figure.goal());
            line(lines, "PostgreSQL, ", figure, relays.get(POSTRIDER_ON_POSTGRES), postfix, figure.goalOnPostgres());
            line(lines, "limit (" + LIMIT + "), ", figure, relays.get(LIMIT), postfix, OptionalDouble.empty());
        });
        return lines;
    }

    private static OptionalDouble postfix(Figure figure, Map<String, List<Double>> relays) {
        DoubleStream each = relays.entrySet()
                .stream()
                .filter(entry -> entry.getKey().startsWith(POSTFIX))
                .mapToDouble(entry -> median(entry.getValue()));
        return switch (figure.better()) {
            case HIGHER -> each.max();
            case LOWER -> each.min();
            case NEITHER, TOTAL -> OptionalDouble.of(1);
        };
    }

    private static void line(List<String> lines, String prefix, Figure figure, @Nullable List<Double> rounds,
            OptionalDouble postfix, OptionalDouble goal) {
        if (rounds != null && postfix.isPresent()) {
            double value = figure.better() == Better.TOTAL
                    ? rounds.stream().mapToDouble(Double::doubleValue).sum()
                    : median(rounds);
            lines.add(String.format(Locale.ROOT, "%s%s: %.2f", prefix, figure.name(), value / postfix.getAsDouble())
                    + (goal.isPresent() ? String.format(Locale.ROOT, " (goal %s)", plain(goal.getAsDouble())) : ""));
        }
    }

    private static String plain(double goal) {
        return goal == Math.rint(goal) ? Long.toString((long) goal) : Double.toString(goal);
    }

    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
