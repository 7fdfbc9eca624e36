package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** To whom test mails go, and when. */
public record TestSpec(
        @JsonPropertyDescription("Who gets the test mail.")
        @Required @Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) String recipient,
        @JsonPropertyDescription("OnChange: when this resource is created and when something that matters changes. "
                + "OnRequest: only when the annotation postrider.dev/test-send gets a new value.")
        @Default("OnChange") @Nullable When when) {

    /** What leads to a test mail. */
    public enum When {
        OnChange, OnRequest
    }
}
