package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.TestResult.Step;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A way to a mailbox of Microsoft Graph. */
final class GraphUpstream implements Upstream {
    private final Endpoint.Graph endpoint;

    GraphUpstream(Endpoint.Graph endpoint) {
        this.endpoint = endpoint;
    }

    @Override
    public Attempt send(Envelope envelope, MessageContent message) {
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        for (String recipient : envelope.recipients()) {
            verdicts.put(recipient, new Verdict.Refused(Step.Connection, false, Optional.empty(),
                    "Connection: sending through Microsoft Graph is not available in this version; use spec.smtp"));
        }
        return new Attempt(verdicts, endpoint.display(), Optional.empty(), Duration.ZERO, "");
    }

    @Override
    public boolean isOpen() {
        return false;
    }

    @Override
    public void close() {}
}
