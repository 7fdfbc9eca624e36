package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** How much a server takes in a time. */
@ValidationRule(value = "[has(self.perSecond), has(self.perMinute), has(self.perHour), has(self.perDay)].exists(x, x)", message = "limits needs at least one of perSecond, perMinute, perHour and perDay: how much does this server take?")
public record ServerLimits(
        @JsonPropertyDescription("How much may be sent in a second, 1 to 1000. It is spread evenly.")
        @Min(1) @Max(1000) @Nullable Integer perSecond,
        @JsonPropertyDescription("How much may be sent in a minute, 1 to 60000. It is spread evenly. Default: 30 messages "
                + "for microsoftGraph, unless perSecond is set.")
        @Min(1) @Max(60_000) @Nullable Integer perMinute,
        @JsonPropertyDescription("How much may be sent in any hour, 1 to 1000000.")
        @Min(1) @Max(1_000_000) @Nullable Integer perHour,
        @JsonPropertyDescription("How much may be sent in any 24 hours, 1 to 10000000.")
        @Min(1) @Max(10_000_000) @Nullable Integer perDay,
        @JsonPropertyDescription("What counts. Messages: each message once. Recipients: each recipient of a message, as "
                + "Amazon SES counts.")
        @Default("Messages") @Nullable LimitUnit unit) {}
