package dev.postrider.notice;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The variables that {@link dev.postrider.plan.NoticeVariables} lets own texts hold. */
enum NoticeVariable {
    DAYS("days"), EXPIRY_DATE("expiry_date"), LICENSE("license"), ORGANIZATION("organization"), LINK_HOST("link_host");

    private static final Pattern IN_TEXT = Pattern.compile("\\$\\[(?<name>[a-z_]+)]");

    final String id;

    NoticeVariable(String id) {
        this.id = id;
    }

    /** The text with values in place of variables. What is no variable stays; a value is not looked at again. */
    static String expand(String text, Function<NoticeVariable, String> value) {
        return IN_TEXT.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(of(found).map(value).orElse(found.group())));
    }

    private static Optional<NoticeVariable> of(MatchResult found) {
        return Arrays.stream(values()).filter(variable -> variable.id.equals(found.group("name"))).findFirst();
    }
}
