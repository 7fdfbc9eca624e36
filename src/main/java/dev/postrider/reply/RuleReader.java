package dev.postrider.reply;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.postrider.route.Durations;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes a rule of what is written, or says all that is wrong with it. */
final class RuleReader {
    static final int MOST_TEXT = 200;
    static final int MOST_ADVICE = 500;
    static final int MOST_ENTRIES = 20;
    private static final Duration LONGEST_REST = Duration.ofHours(24);
    /** Steps of the program that a pattern becomes, in which counted repetitions are written out. */
    private static final int LARGEST_PATTERN = 500;
    private static final int SHORTEST_WORD = 3;
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.:_*-]{1,253}");
    private static final Pattern ENHANCED = Pattern.compile("[45]\\.[0-9]{1,3}\\.([0-9]{1,3}|\\*)");

    private final int place;
    private final ReplyRule declared;
    private final List<RuleProblem> problems;

    private RuleReader(int place, ReplyRule declared, List<RuleProblem> problems) {
        this.place = place;
        this.declared = declared;
        this.problems = problems;
    }

    /**
     * The rules that are valid.
     *
     * @param problems gets what is wrong with the others
     */
    static List<Rule> read(List<ReplyRule> declared, List<RuleProblem> problems) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < declared.size(); i++) {
            new RuleReader(i, declared.get(i), problems).read().ifPresent(rules::add);
        }
        return List.copyOf(rules);
    }

    /** All that is wrong with one rule, at this place of its list. */
    static List<RuleProblem> problems(int place, ReplyRule declared) {
        List<RuleProblem> problems = new ArrayList<>();
        new RuleReader(place, declared, problems).read();
        return problems;
    }

    private Optional<Rule> read() {
        int before = problems.size();
        bounded("hosts", declared.hosts());
        bounded("steps", declared.steps());
        bounded("codes", declared.codes());
        bounded("enhanced", declared.enhanced());
        forms("hosts", declared.hosts(), HOST, "a host name; * stands for any characters, as *.example.com");
        forms("enhanced", declared.enhanced(), ENHANCED, "an enhanced status code: use one as 5.7.1, or 5.7.*");
        for (int code : declared.codes()) {
            if (code < 400 || code > 599) {
                wrong("codes", code + " is not a code of a refusal: use 400 to 599");
            }
        }
        Set<Step> steps = EnumSet.noneOf(Step.class);
        declared.steps().forEach(step -> oneOf("steps", step, Step.values(), Enum::name).ifPresent(steps::add));
        declared.protocol()
                .filter(name -> !name.equals("SMTP") && !name.equals("HTTP"))
                .ifPresent(name -> wrong("protocol", quoted(name) + " is not a protocol: use SMTP or HTTP"));
        Optional<Rule.Words> words = declared.text().flatMap(this::words);
        specific(words);
        Optional<ReplyClass> replyClass = required("class", declared.replyClass())
                .flatMap(name -> oneOf("class", name, ReplyClass.values(), ReplyClass::text));
        Optional<ReplyAction> action = required("action", declared.action()).flatMap(this::action);
        declared.advice()
                .filter(text -> text.length() > MOST_ADVICE || text.chars().anyMatch(c -> c < ' ' || c == 127))
                .ifPresent(_ -> wrong("advice",
                        "not one line of text: use at most " + MOST_ADVICE
                                + " characters, without control characters"));
        return problems.size() > before
                ? Optional.empty()
                : Optional.of(new Rule(globs(declared.hosts()), !declared.protocol().equals(Optional.of("HTTP")), steps,
                        Set.copyOf(declared.codes()), globs(declared.enhanced()), words,
                        new Meaning(replyClass.orElseThrow(), action.orElseThrow(), declared.advice())));
    }

    private void bounded(String field, List<?> entries) {
        if (entries.size() > MOST_ENTRIES) {
            wrong(field, entries.size() + " entries: use at most " + MOST_ENTRIES);
        }
    }

    private void forms(String field, List<String> entries, Pattern form, String allowed) {
        entries.stream()
                .filter(entry -> !form.matches(entry))
                .forEach(entry -> wrong(field, quoted(entry) + " is not " + allowed));
    }

    private Optional<Rule.Words> words(String text) {
        if (text.length() > MOST_TEXT) {
            wrong("text", text.length() + " characters: use at most " + MOST_TEXT);
            return Optional.empty();
        }
        PatternShape shape = PatternShape.of(text);
        if (shape.size() > LARGEST_PATTERN) {
            wrong("text", quoted(text) + " becomes too large with its counted repetitions: use smaller ones, or *");
            return Optional.empty();
        }
        try {
            Pattern pattern = Pattern.compile(text, Pattern.CASE_INSENSITIVE);
            if (pattern.matcher("").find()) {
                wrong("text", quoted(text) + " fits any reply: use words that only such replies have");
            }
            return Optional.of(new Rule.Words(shape.required(), pattern));
        } catch (PatternSyntaxException e) {
            wrong("text", quoted(text) + " is not a regular expression of RE2: " + e.getDescription());
            return Optional.empty();
        }
    }

    /** A rule must not fit everything that a server ever says. */
    private void specific(Optional<Rule.Words> words) {
        if (!declared.codes().isEmpty() || !declared.enhanced().isEmpty()) {
            return;
        }
        if (declared.text().isEmpty()) {
            wrong("text", "the rule fits any reply: use codes, enhanced or text");
        } else if (words.isPresent() && (words.get().required().isEmpty()
                || words.get().required().stream().anyMatch(word -> word.strip().length() < SHORTEST_WORD))) {
            wrong("text", quoted(declared.text().get()) + " fits too many replies: use a plain word of " + SHORTEST_WORD
                    + " or more letters in each alternative, or codes or enhanced");
        }
    }

    private Optional<ReplyAction> action(String name) {
        notFor("restFor", declared.restFor(), name, "RestServer");
        notFor("timeZone", declared.timeZone(), name, "RestUntilMidnight");
        return switch (name) {
            case "Bounce" -> Optional.of(new ReplyAction.Bounce());
            case "Retry" -> Optional.of(new ReplyAction.Retry());
            case "RetryElsewhere" -> Optional.of(new ReplyAction.RetryElsewhere());
            case "RestServer" -> required("restFor", declared.restFor()).flatMap(this::rest);
            case "RestUntilMidnight" -> required("timeZone", declared.timeZone()).flatMap(this::midnight);
            case "FewerConnections" -> Optional.of(new ReplyAction.FewerConnections());
            case "SplitRecipients" -> Optional.of(new ReplyAction.SplitRecipients());
            case "EncodeAnew" -> Optional.of(new ReplyAction.EncodeAnew());
            case "HoldOrganization" -> Optional.of(new ReplyAction.HoldOrganization());
            default -> {
                wrong("action", quoted(name) + " is not an action: use one of Bounce, Retry, RetryElsewhere, "
                        + "RestServer, RestUntilMidnight, FewerConnections, SplitRecipients, EncodeAnew, "
                        + "HoldOrganization");
                yield Optional.empty();
            }
        };
    }

    private void notFor(String field, Optional<String> value, String action, String only) {
        if (value.isPresent() && !action.equals(only)) {
            wrong(field, "only the action " + only + " has one: remove it");
        }
    }

    private Optional<ReplyAction> rest(String text) {
        try {
            Duration time = Durations.read(text);
            if (time.compareTo(Duration.ofSeconds(1)) >= 0 && time.compareTo(LONGEST_REST) <= 0) {
                return Optional.of(new ReplyAction.RestServer(time));
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        wrong("restFor", quoted(text) + " is not a time to rest: use 1s to 24h, as 15m");
        return Optional.empty();
    }

    private Optional<ReplyAction> midnight(String zone) {
        if (!ZoneId.getAvailableZoneIds().contains(zone)) {
            wrong("timeZone", quoted(zone)
                    + " is not a time zone: use a name of the IANA time zone database, as America/Los_Angeles");
            return Optional.empty();
        }
        return Optional.of(new ReplyAction.RestUntilMidnight(ZoneId.of(zone)));
    }

    private Optional<String> required(String field, Optional<String> value) {
        if (value.isEmpty()) {
            wrong(field, "missing: set it");
        }
        return value;
    }

    private <E extends Enum<E>> Optional<E> oneOf(String field, String name, E[] all, Function<E, String> text) {
        Optional<E> found = Arrays.stream(all).filter(each -> text.apply(each).equals(name)).findFirst();
        if (found.isEmpty()) {
            wrong(field, quoted(name) + " is not one: use one of "
                    + Arrays.stream(all).map(text).collect(Collectors.joining(", ")));
        }
        return found;
    }

    private static List<Pattern> globs(List<String> entries) {
        return entries.stream()
                .map(entry -> Pattern.compile(Arrays.stream(entry.split("\\*", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")), Pattern.CASE_INSENSITIVE))
                .toList();
    }

    private static String quoted(String text) {
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        return "\"" + shown.replaceAll("\\p{Cntrl}", "?") + "\"";
    }

    private void wrong(String field, String message) {
        problems.add(new RuleProblem(place, field, message));
    }
}
