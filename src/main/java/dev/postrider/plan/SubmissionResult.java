package dev.postrider.plan;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What became of handing a mail to the relay.
 *
 * @param time     when it ended
 * @param duration how long it took
 * @param server   the relay, as host:port
 * @param accepted whether the relay took it for at least one recipient
 * @param reply    the relay's last reply
 * @param failure  what went wrong, for people; for a mail that was accepted: with whom
 */
public record SubmissionResult(Instant time, Duration duration, String server, boolean accepted, Optional<String> reply,
        Optional<String> failure) {}
