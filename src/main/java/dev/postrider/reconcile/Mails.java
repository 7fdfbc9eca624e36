package dev.postrider.reconcile;

import dev.postrider.plan.LicenseNoticePlan;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.NoticeNews;
import dev.postrider.plan.NoticeOrder;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.SubmissionResult;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.UsagePeriod;
import dev.postrider.plan.UsageReportNews;
import dev.postrider.plan.UsageReportOrder;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestResult;
import dev.postrider.transport.Sends;
import dev.postrider.transport.Sends.Send;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * Mails of one sort for one resource: what had become of them when the plan was made, and those that the plan orders.
 *
 * @param <P> plans for the resource's kind
 * @param <K> tells the mails apart
 * @param <O> an order to send one
 * @param <R> what became of it
 */
public final class Mails<P, K, O, R> {
    private final Sends<K, O, R> sends;
    private final String resource;
    private final Runnable ended;
    private final Function<P, Collection<O>> orders;
    private final BiPredicate<P, O> told;
    private final Map<K, Send<O, R>> known;

    private Mails(Sends<K, O, R> sends, String resource, Runnable ended, Function<P, Collection<O>> orders,
            BiPredicate<P, O> told) {
        this.sends = sends;
        this.resource = resource;
        this.ended = ended;
        this.orders = orders;
        this.told = told;
        this.known = sends.of(resource);
    }

    /**
     * The test of a MailServer.
     *
     * @param resource tells it from all others, also from one that had its name before
     * @param ended    called when there is news
     */
    public static Mails<MailServerPlan, ResourceKey, TestOrder, TestResult> testOfServer(
            Sends<ResourceKey, TestOrder, TestResult> sends, String resource, Runnable ended) {
        return new Mails<>(sends, resource, ended, plan -> plan.test().stream().toList(), (_, _) -> true);
    }

    /**
     * The tests of an organization, one for each server.
     *
     * @param resource tells it from all others, also from one that had its name before
     * @param ended    called when there is news
     */
    public static Mails<OrganizationPlan, ResourceKey, TestOrder, TestResult> testsOfOrganization(
            Sends<ResourceKey, TestOrder, TestResult> sends, String resource, Runnable ended) {
        return new Mails<>(sends, resource, ended, OrganizationPlan::tests, (_, _) -> true);
    }

    /**
     * The usage reports of an organization.
     *
     * @param resource tells it from all others, also from one that had its name before
     * @param ended    called when there is news
     */
    public static Mails<OrganizationPlan, UsagePeriod, UsageReportOrder, SubmissionResult> reports(
            Sends<UsagePeriod, UsageReportOrder, SubmissionResult> sends, String resource, Runnable ended) {
        return new Mails<>(sends, resource, ended, plan -> plan.report().stream().toList(), (_, _) -> true);
    }

    /**
     * The notices of a license.
     *
     * @param resource tells it from all others, also from one that had its name before
     * @param ended    called when there is news
     */
    public static Mails<LicenseNoticePlan, NoticeOrder.Id, NoticeOrder, SubmissionResult> notices(
            Sends<NoticeOrder.Id, NoticeOrder, SubmissionResult> sends, String resource, Runnable ended) {
        return new Mails<>(sends, resource, ended, LicenseNoticePlan::orders, Mails::isTold);
    }

    /** A test that another one has overtaken is not in the status yet. */
    private static boolean isTold(LicenseNoticePlan plan, NoticeOrder order) {
        return order.testRequest().isEmpty() || plan.status().testSend() != null
                && order.testRequest().get().equals(plan.status().testSend().request());
    }

    /** What had become of the test of a server. */
    public static TestNews testNews(Mails<MailServerPlan, ResourceKey, TestOrder, TestResult> mails) {
        return mails.known.values()
                .stream()
                .findFirst()
                .map(send -> switch (send) {
                    case Send.Running<TestOrder, TestResult>(TestOrder order) -> TestNews.running(order);
                    case Send.Ended<TestOrder, TestResult>(TestOrder order, TestResult result) ->
                        TestNews.finished(order, result);
                })
                .orElseGet(TestNews::none);
    }

    /** What had become of the tests of an organization. */
    public static OrganizationTestNews testsNews(
            Mails<OrganizationPlan, ResourceKey, TestOrder, TestResult> mails) {
        return mails.news(OrganizationTestNews.Finished::new, OrganizationTestNews::new);
    }

    /** What had become of usage reports. */
    public static UsageReportNews reportNews(
            Mails<OrganizationPlan, UsagePeriod, UsageReportOrder, SubmissionResult> mails) {
        return mails.news(UsageReportNews.Finished::new,
                (running, finished) -> new UsageReportNews(running.keySet(), List.copyOf(finished.values())));
    }

    /** What had become of notices. */
    public static NoticeNews noticeNews(Mails<LicenseNoticePlan, NoticeOrder.Id, NoticeOrder, SubmissionResult> mails) {
        return mails.news(NoticeNews.Finished::new,
                (running, finished) -> new NoticeNews(running.keySet(), List.copyOf(finished.values())));
    }

    private <E, N> N news(BiFunction<O, R, E> finished, BiFunction<Map<K, O>, Map<K, E>, N> together) {
        Map<K, O> running = new HashMap<>();
        Map<K, E> ends = new HashMap<>();
        known.forEach((mail, send) -> {
            switch (send) {
                case Send.Running<O, R>(O order) -> running.put(mail, order);
                case Send.Ended<O, R>(O order, R result) -> ends.put(mail, finished.apply(order, result));
            }
        });
        return together.apply(running, ends);
    }

    /** The status that a plan wants is written: what it tells of need not be kept. */
    void statusWritten(P plan) {
        known.forEach((mail, send) -> {
            if (send instanceof Send.Ended<O, R>(O order, R _) && told.test(plan, order)) {
                sends.written(resource, mail);
            }
        });
    }

    /** Sends what the plan orders. */
    void start(P plan) {
        orders.apply(plan).forEach(order -> sends.start(resource, order, ended));
    }
}
