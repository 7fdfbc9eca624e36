package dev.postrider.plan;

import dev.postrider.api.LicenseExpiryNoticeStatus.Settings;
import dev.postrider.route.Address;
import dev.postrider.route.ResourceKey;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * A notice to be sent now.
 *
 * @param id               which one
 * @param daysLeft         today and the expiry day counted; 0 on the day after, and less after that
 * @param settings         what it says and how
 * @param organization     whose mail it is
 * @param organizationName what people call the organization
 * @param linkHost         where the organization's links lead, if it says so
 * @param from             its From
 * @param replyTo          its Reply-To
 * @param envelopeFrom     its envelope sender
 * @param recipients       who gets it, at least one
 * @param messageId        with angle brackets; the same for each attempt
 * @param idempotencyKey   by which the relay knows that it has it already; the same for each attempt
 * @param testRequest      the value of the annotation postrider.dev/test-send; empty unless it is a test
 */
public record NoticeOrder(Id id, int daysLeft, Settings settings, ResourceKey organization, String organizationName,
        Optional<String> linkHost, Address from, Optional<Address> replyTo, String envelopeFrom,
        List<String> recipients, String messageId,
        String idempotencyKey, Optional<String> testRequest) {

    /**
     * Which notice.
     *
     * @param expiryDate that it is about
     * @param test       whether it is a test, which counts for nothing
     */
    public record Id(ExpiryNotice notice, LocalDate expiryDate, boolean test) {}
}
