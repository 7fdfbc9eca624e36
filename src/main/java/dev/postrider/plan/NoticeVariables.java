package dev.postrider.plan;

import java.util.List;
import java.util.regex.Pattern;

/** The variables that own texts of a notice may hold, as {@code $[days]}. */
public final class NoticeVariables {
    /** Their names. */
    public static final List<String> NAMES = List.of("days", "expiry_date", "license", "organization", "link_host");

    private static final Pattern VARIABLE = Pattern.compile("\\$\\[(?<name>[^\\]\\r\\n]{0,64})\\]?");

    private NoticeVariables() {}

    /** What is wrong with the variables of a text, each with what is allowed. */
    public static List<String> problems(String text) {
        return VARIABLE.matcher(text)
                .results()
                .filter(found -> !found.group().endsWith("]") || !NAMES.contains(found.group(1)))
                .map(found -> "\"" + found.group() + "\" is no variable; there are "
                        + String.join(", ", NAMES.stream().map(name -> "$[" + name + "]").toList()))
                .distinct()
                .toList();
    }
}
