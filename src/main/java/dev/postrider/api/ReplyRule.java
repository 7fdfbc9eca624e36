package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/**
 * What a reply of the server means. Whether the values are known ones the plan checks, and says all at once.
 */
public record ReplyRule(
        @JsonPropertyDescription("Steps of a delivery: Connection, Tls, Authentication, SenderRejected, RecipientRejected, "
                + "MessageRejected. Default: any.")
        @Size(max = 6) @Nullable List<@Size(max = 20) String> steps,
        @JsonPropertyDescription("Codes of the reply, 400 to 599, as 550. Default: any.")
        @Size(max = 8) @Nullable List<Integer> codes,
        @JsonPropertyDescription("Enhanced status codes (RFC 3463), as 5.7.1 or 5.7.*. Default: any.")
        @Size(max = 8) @Nullable List<@Size(max = 11) String> enhanced,
        @JsonPropertyDescription("A regular expression (RE2) that is found, without regard to case, in the words of the "
                + "reply: after its codes, and without addresses. Default: any words.")
        @Size(max = 200) @Nullable String text,
        @JsonProperty("class") @JsonPropertyDescription("What such a reply is about, as RateLimited: docs/replies.md has "
                + "a table.")
        @Required @Size(max = 32) String replyClass,
        @JsonPropertyDescription("What follows: Bounce, Retry, RetryElsewhere, RestServer, RestUntilMidnight, "
                + "FewerConnections, SplitRecipients, EncodeAnew or HoldOrganization.")
        @Required @Size(max = 32) String action,
        @JsonPropertyDescription("How long the server rests with RestServer: 1s to 24h, as 15m.")
        @Size(max = 16) @Nullable String restFor,
        @JsonPropertyDescription("Whose midnight it is with RestUntilMidnight, as America/Los_Angeles.")
        @Size(max = 40) @Nullable String timeZone,
        @JsonPropertyDescription("What to do next, for people, in one line.")
        @Size(max = 200) @Nullable String advice) {}
