package dev.postrider.transport;

import dev.postrider.route.TestResult;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What became of one message in one attempt at one server.
 *
 * @param verdicts one for each recipient of the envelope
 * @param server   host, port and, once connected, the address that answered
 * @param tls      the connection's protection, if it was encrypted
 * @param duration how long it took
 * @param dialogue what was said, credentials removed; empty unless it was asked for
 */
public record Attempt(Map<String, Verdict> verdicts, String server, Optional<TestResult.Tls> tls, Duration duration,
        String dialogue) {}
