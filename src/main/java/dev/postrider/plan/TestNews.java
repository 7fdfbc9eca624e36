package dev.postrider.plan;

import dev.postrider.route.TestResult;
import java.util.Optional;

/**
 * What has become of a resource's test orders since its status was last written.
 *
 * @param running  the order whose mail is on its way
 * @param finished the order that ended
 * @param result   how it ended
 */
public record TestNews(Optional<TestOrder> running, Optional<TestOrder> finished, Optional<TestResult> result) {

    /** Nothing is running, nothing ended. */
    public static TestNews none() {
        return new TestNews(Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** A mail is on its way. */
    public static TestNews running(TestOrder order) {
        return new TestNews(Optional.of(order), Optional.empty(), Optional.empty());
    }

    /** A test ended. */
    public static TestNews finished(TestOrder order, TestResult result) {
        return new TestNews(Optional.empty(), Optional.of(order), Optional.of(result));
    }
}
