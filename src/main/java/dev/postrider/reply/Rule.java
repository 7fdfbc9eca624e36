package dev.postrider.reply;

import com.google.re2j.Pattern;
import dev.postrider.route.TestResult.Step;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A rule that is ready to be asked. What is empty fits everything.
 *
 * @param hosts    whole names of servers
 * @param isSmtp   or of answers of HTTP
 * @param enhanced whole status codes
 */
record Rule(List<Pattern> hosts, boolean isSmtp, Set<Step> steps, Set<Integer> codes, List<Pattern> enhanced,
        Optional<Words> words, Meaning meaning) {

    /** @param required one of which the words have in them, where that is known */
    record Words(List<String> required, Pattern pattern) {

        boolean found(ReplyWords reply) {
            return mayBeFound(reply.lowerCased()) && pattern.matcher(reply.text()).find();
        }

        private boolean mayBeFound(String text) {
            for (String word : required) {
                if (text.contains(word)) {
                    return true;
                }
            }
            return required.isEmpty();
        }
    }

    /** Whether it fits replies with such a code. */
    boolean takes(int code) {
        return codes.isEmpty() || codes.contains(code);
    }

    boolean fits(String host, Step step, Reply reply, ReplyWords words) {
        return takes(reply.code())
                && (steps.isEmpty() || steps.contains(step))
                && (enhanced.isEmpty() || reply.enhanced().filter(status -> any(enhanced, status)).isPresent())
                && (hosts.isEmpty() || any(hosts, host))
                && this.words.filter(some -> !some.found(words)).isEmpty();
    }

    /**
     * What it says of a reply that fits. One that the server itself calls temporary is bounced only by a rule that names
     * its code.
     */
    Meaning of(Reply reply) {
        boolean temporary = reply.isSmtp() && (reply.code() < 500
                ? !codes.contains(reply.code())
                : reply.enhanced().filter(status -> status.startsWith("4.")).isPresent());
        return temporary && meaning.action() instanceof ReplyAction.Bounce
                ? new Meaning(meaning.replyClass(), new ReplyAction.Retry(), meaning.advice())
                : meaning;
    }

    private static boolean any(List<Pattern> patterns, String text) {
        for (Pattern pattern : patterns) {
            if (pattern.matcher(text).matches()) {
                return true;
            }
        }
        return false;
    }
}
