package dev.postrider.plan;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult;
import java.util.Map;

/**
 * What has become of an organization's test orders since its status was last written.
 *
 * @param running  the servers whose test mail is on its way, with the order
 * @param finished the servers whose test ended, with the order and its end
 */
public record OrganizationTestNews(Map<ResourceKey, TestOrder> running, Map<ResourceKey, Finished> finished) {

    /** An order and how it ended. */
    public record Finished(TestOrder order, TestResult result) {}

    /** Nothing is running, nothing ended. */
    public static OrganizationTestNews none() {
        return new OrganizationTestNews(Map.of(), Map.of());
    }
}
