package dev.postrider.notice;

import dev.postrider.route.Address;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Who sends a notice to whom.
 *
 * @param recipients     addr-specs of RFC 5322; all of them stand in To
 * @param messageId      RFC 5322 section 3.6.4, with or without angle brackets
 * @param idempotencyKey by which the relay knows a mail that it has taken already; printable ASCII
 * @param date           of the Date field
 */
public record NoticeEnvelope(Address from, Optional<Address> replyTo, List<String> recipients, String messageId,
        Optional<String> idempotencyKey, Instant date) {}
