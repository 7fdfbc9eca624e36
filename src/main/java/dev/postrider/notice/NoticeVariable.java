package dev.postrider.notice;

import dev.postrider.plan.Variables;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/** The variables that {@link Variables#NOTICE} lets own texts hold. */
enum NoticeVariable {
    DAYS("days"), EXPIRY_DATE("expiry_date"), LICENSE("license"), ORGANIZATION("organization"), LINK_HOST("link_host");

    final String id;

    NoticeVariable(String id) {
        this.id = id;
    }

    /** The text with values in place of variables. What is no variable stays; a value is not looked at again. */
    static String expand(String text, Function<NoticeVariable, String> value) {
        return Variables.fill(text, name -> of(name).map(value));
    }

    private static Optional<NoticeVariable> of(String name) {
        return Arrays.stream(values()).filter(variable -> variable.id.equals(name)).findFirst();
    }
}
