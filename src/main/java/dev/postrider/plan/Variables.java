package dev.postrider.plan;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The variables that a text of somebody's own may hold, as {@code $[days]}.
 *
 * @param names of all of them
 */
public record Variables(List<String> names) {
    /** Those of a notice's subject and body. */
    public static final Variables NOTICE = new Variables(
            List.of("days", "expiry_date", "license", "organization", "link_host"));

    private static final Pattern VARIABLE = Pattern.compile("\\$\\[(?<name>[^\\]\\r\\n]{0,64})\\]?");

    /** What is wrong with the variables of a text, each with what is allowed. */
    public List<String> problems(String text) {
        return VARIABLE.matcher(text)
                .results()
                .filter(found -> !found.group().endsWith("]") || !names.contains(found.group("name")))
                .map(found -> "\"" + found.group() + "\" is no variable; there are "
                        + String.join(", ", names.stream().map(name -> "$[" + name + "]").toList()))
                .distinct()
                .toList();
    }

    /**
     * The text with values in place of variables. What is no variable stays; a value is not looked at again.
     *
     * @param value by the name of a variable
     */
    public static String fill(String text, Function<String, Optional<String>> value) {
        return VARIABLE.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(Optional.of(found.group("name"))
                        .filter(_ -> found.group().endsWith("]"))
                        .flatMap(value)
                        .orElse(found.group())));
    }
}
