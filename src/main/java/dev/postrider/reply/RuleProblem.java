package dev.postrider.reply;

/**
 * What is wrong with a rule.
 *
 * @param rule    its place in the list, from 0
 * @param field   of the rule, as {@code text}
 * @param message what is wrong and what is allowed, for people
 */
public record RuleProblem(int rule, String field, String message) {

    /** Where in the list: {@code [2].text}. */
    public String place() {
        return "[" + rule + "]." + field;
    }

    /** With the place: {@code [2].text: ...}. */
    @Override
    public String toString() {
        return place() + ": " + message;
    }
}
