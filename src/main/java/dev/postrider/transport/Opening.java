package dev.postrider.transport;

import dev.postrider.reply.Reply;
import dev.postrider.route.TestResult;
import java.util.Optional;

/**
 * What became of a connection that was opened without a message.
 *
 * @param refused  why nothing can be sent; empty if it is ready
 * @param server   host, port and, once connected, the address that answered
 * @param reply    the server's last reply
 * @param tls      the connection's protection, if it was encrypted
 * @param dialogue what was said, credentials removed; empty unless it was asked for
 */
public record Opening(Optional<Verdict.Refused> refused, String server, Optional<Reply> reply,
        Optional<TestResult.Tls> tls, String dialogue) {}
