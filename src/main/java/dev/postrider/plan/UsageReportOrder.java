package dev.postrider.plan;

import dev.postrider.route.Address;
import dev.postrider.route.ResourceKey;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/**
 * A usage report to be sent now.
 *
 * @param period           what it is about, and what tells it from others
 * @param zone             of its days
 * @param language         a BCP 47 tag
 * @param organization     whose mail it is
 * @param organizationName what people call the organization
 * @param from             its From
 * @param replyTo          its Reply-To
 * @param envelopeFrom     its envelope sender
 * @param recipients       who gets it, at least one
 * @param messageId        with angle brackets; the same for each attempt
 * @param idempotencyKey   by which the relay knows that it has it already; the same for each attempt
 */
public record UsageReportOrder(UsagePeriod period, ZoneId zone, String language, ResourceKey organization,
        String organizationName, Address from, Optional<Address> replyTo, String envelopeFrom,
        List<String> recipients, String messageId, String idempotencyKey) {}
