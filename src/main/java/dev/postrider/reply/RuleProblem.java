package dev.postrider.reply;

/**
 * What is wrong with a rule, or with a list of them.
 *
 * @param rule    its place in the list, from 0; -1 where it is the list itself
 * @param field   of the rule, as {@code text}; empty where it is the whole rule
 * @param message what is wrong and what is allowed, for people
 */
public record RuleProblem(int rule, String field, String message) {

    static RuleProblem ofList(String message) {
        return new RuleProblem(-1, "", message);
    }

    /** Where in the list: {@code [2].text}, {@code [2]}, or nothing for the list itself. */
    public String place() {
        return rule < 0 ? "" : "[" + rule + "]" + (field.isEmpty() ? "" : "." + field);
    }

    /** With the place: {@code [2].text: ...}. */
    @Override
    public String toString() {
        return place() + ": " + message;
    }
}
