package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** An address and the name that mail programs show for it. */
public record Mailbox(
        @JsonPropertyDescription("Mail address, at most 320 characters, without spaces.")
        @Required @Size(min = 3, max = 320) @Pattern(Mailbox.ADDRESS) String address,
        @JsonPropertyDescription("The name that mail programs show.")
        @Size(max = 256) @Pattern("^[^" + Mailbox.HIDDEN + "]*$") @Nullable String name) {

    /** Control characters, ends of lines, and what changes the direction of writing; between square brackets. */
    static final String HIDDEN = "\\x00-\\x1f\\x7f-\\x9f\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}";

    /**
     * The form that the API server can check: one at-sign, something on both sides, no white space and nothing hidden.
     * The plan checks the rest (RFC 5321 section 4.1.2, RFC 6531).
     */
    public static final String ADDRESS = "^[^\\s@<>" + HIDDEN + "]+@[^\\s@<>" + HIDDEN + "]+$";
}
