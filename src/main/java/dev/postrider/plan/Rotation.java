package dev.postrider.plan;

import dev.postrider.route.FormerPassword;
import dev.postrider.route.Sha256;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The password of a binding, those that it had before, and whether it is given a new one now. What was done stands in
 * annotations of the Secret beside the password, and comes there in one write with it: whoever dies at any moment leaves
 * either a rotation that is done or one that is done anew.
 *
 * @param password    that the Secret should hold
 * @param annotations that the Secret should have
 * @param former      what the relay must take besides
 * @param done        whether the password is a new one in place of another
 * @param at          when it was given last
 */
record Rotation(String password, Map<String, String> annotations, List<FormerPassword> former, boolean done,
        Optional<Instant> at) {
    /** Annotation of the Secret: the value of the organization's annotation that its password was made for. */
    static final String DONE = "postrider.dev/rotated";

    /** Annotation of the Secret: when each former password was replaced, and its SHA-256. */
    static final String FORMER = "postrider.dev/former-passwords";

    /**
     * How long at least a password stays good while another one takes its place: so that it works still where nobody
     * is there any more to write the Secret after the relay's route.
     */
    static final Duration HANDOVER = Duration.ofMinutes(15);

    /** How many former passwords are kept. */
    private static final int MOST = 10;

    /** A password that was replaced. */
    private record Replaced(Instant at, String sha256) {
        static Optional<Replaced> parse(String text) {
            String[] parts = text.strip().split("=", 2);
            try {
                return parts.length == 2 && parts[1].matches("[0-9a-f]{64}")
                        ? Optional.of(new Replaced(Instant.parse(parts[0]), parts[1]))
                        : Optional.empty();
            } catch (DateTimeParseException e) {
                // Somebody else wrote it.
                return Optional.empty();
            }
        }

        @Override
        public String toString() {
            return at + "=" + sha256;
        }
    }

    /** A binding's first password. */
    static Rotation first(Optional<String> request, String password) {
        return new Rotation(password, annotations(request, List.of()), List.of(), false, Optional.empty());
    }

    /**
     * What becomes of one that is there.
     *
     * @param request     the value of the annotation that asks for another one
     * @param mayRotate   whether route and Secret will both be written
     * @param overlap     how long a former password is taken
     * @param newPassword makes one
     */
    static Rotation of(BindingLookup.Own own, Optional<String> request, boolean mayRotate, Duration overlap,
            Instant now, Supplier<String> newPassword) {
        Optional<String> done = Optional.ofNullable(own.annotations().get(DONE));
        List<Replaced> replaced = Optional.ofNullable(own.annotations().get(FORMER))
                .map(text -> Arrays.stream(text.split(",")).map(Replaced::parse).flatMap(Optional::stream).toList())
                .orElse(List.of());
        String current = own.password().isEmpty() ? "" : Sha256.of(own.password());
        // Written down as replaced, and there all the same: the write of the password did not come about.
        boolean unfinished = replaced.stream().anyMatch(r -> r.sha256().equals(current));
        boolean due = request.isPresent() && (unfinished || !request.equals(done));
        if (own.password().isEmpty() || !due || !mayRotate) {
            String password = own.password().isEmpty() ? newPassword.get() : own.password();
            return new Rotation(password, annotations(done, replaced),
                    former(replaced, overlap, now), false, last(replaced));
        }
        Instant at = now.truncatedTo(ChronoUnit.SECONDS);
        List<Replaced> next = new ArrayList<>(replaced.stream()
                .filter(r -> !r.sha256().equals(current) && r.at().plus(overlap).isAfter(now))
                .sorted(Comparator.comparing(Replaced::at).reversed())
                .limit(MOST - 1)
                .toList());
        List<FormerPassword> former = new ArrayList<>(former(next, overlap, now));
        next.addFirst(new Replaced(at, current));
        former.add(new FormerPassword(current, at.plus(overlap.compareTo(HANDOVER) < 0 ? HANDOVER : overlap)));
        return new Rotation(newPassword.get(), annotations(request, next), former, true, Optional.of(at));
    }

    private static List<FormerPassword> former(List<Replaced> replaced, Duration overlap, Instant now) {
        return replaced.stream()
                .map(r -> new FormerPassword(r.sha256(), r.at().plus(overlap)))
                .filter(f -> f.validUntil().isAfter(now))
                .sorted(Comparator.comparing(FormerPassword::validUntil))
                .toList();
    }

    private static Optional<Instant> last(List<Replaced> replaced) {
        return replaced.stream().map(Replaced::at).max(Comparator.naturalOrder());
    }

    private static Map<String, String> annotations(Optional<String> done, List<Replaced> replaced) {
        Map<String, String> annotations = new TreeMap<>();
        done.ifPresent(value -> annotations.put(DONE, value));
        if (!replaced.isEmpty()) {
            annotations.put(FORMER, replaced.stream().map(Replaced::toString).collect(Collectors.joining(",")));
        }
        return annotations;
    }

    /** Until when the former password is taken; empty when none is. */
    Optional<Instant> formerUntil(Duration overlap, Instant now) {
        return at.map(time -> time.plus(overlap)).filter(until -> until.isAfter(now));
    }

    /** When something must be done next: a former password goes out of the route. */
    Optional<Instant> nextChange(Duration overlap) {
        return done
                ? at.map(time -> time.plus(overlap))
                : former.stream().map(FormerPassword::validUntil).min(Comparator.naturalOrder());
    }

    @Override
    public String toString() {
        return "Rotation[done=" + done + ", former=" + former + "]";
    }
}
