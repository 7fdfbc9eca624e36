package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A rule for replies as it is written, whether or not it is valid. A list that is empty fits everything.
 *
 * @param hosts      servers that it is for; {@code *} stands for any characters
 * @param protocol   SMTP, the default, or HTTP
 * @param steps      of a delivery
 * @param codes      of the reply, 400 to 599
 * @param enhanced   status codes (RFC 3463), as {@code 5.7.1} or {@code 5.7.*}
 * @param text       a regular expression that is found in the words of the reply
 * @param replyClass what such a reply is about
 * @param action     what follows
 * @param restFor    how long the server rests, for RestServer
 * @param timeZone   whose midnight it is, for RestUntilMidnight
 * @param advice     what to do next, for people
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ReplyRule(List<String> hosts, Optional<String> protocol, List<String> steps, List<Integer> codes,
        List<String> enhanced, Optional<String> text, @JsonProperty("class") Optional<String> replyClass,
        Optional<String> action, Optional<String> restFor, Optional<String> timeZone, Optional<String> advice) {

    @JsonCreator
    public ReplyRule {
        hosts = copy(hosts);
        steps = copy(steps);
        codes = copy(codes);
        enhanced = copy(enhanced);
    }

    private static <T> List<T> copy(List<T> declared) {
        return List.copyOf(Objects.requireNonNullElse(declared, List.of()));
    }
}
