package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsStatus.ServerTestSendStatus;
import dev.postrider.api.Reason;
import dev.postrider.api.TestSendStatus;
import dev.postrider.plan.ServerView.Proof;
import dev.postrider.route.DkimKey;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestMail;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The proofs of an organization's mail: the tests of its servers, and those that it asked for with its own identity by
 * the annotation postrider.dev/test-send. Of two tests of one server the later one counts.
 */
final class OrganizationTests {
    private final OrganizationMailSettings organization;
    private final World world;
    private final OrganizationTestNews news;
    private final List<ServerView> servers;
    private final Identities identity;
    private final SendersAllowed senders;
    private final Set<ResourceKey> globals;
    private final List<DkimKey> dkim;
    private final Map<String, TestSendStatus> recorded;
    private final TestRate rate;
    private boolean heldBack;
    private boolean newTestWaits;

    OrganizationTests(OrganizationMailSettings organization, World world, OrganizationTestNews news, Servers servers,
            Identities identity, SendersAllowed senders, List<DkimKey> dkim) {
        this.senders = senders;
        this.globals = servers.globals().stream().map(ServerView::key).collect(Collectors.toSet());
        this.dkim = dkim;
        this.rate = new TestRate(organization, world,
                organization.getStatus() == null ? null : organization.getStatus().testsCountedUntil());
        this.organization = organization;
        this.world = world;
        this.news = news;
        this.servers = servers.active();
        this.identity = identity;
        this.recorded = organization.getStatus() == null || organization.getStatus().testSends() == null
                ? Map.of()
                : organization.getStatus()
                        .testSends()
                        .stream()
                        .collect(Collectors.toMap(ServerTestSendStatus::mailServer, ServerTestSendStatus::result,
                                (first, _) -> first));
    }

    /** Whether a condition says that there is no test to wait for. */
    static boolean isNotTested(Condition condition) {
        return condition.is(ConditionType.TestSendSucceeded)
                && (condition.is(Reason.NotTested) || condition.is(Reason.SendingDisabled));
    }

    /** The records of the tests, with those that just ended. */
    List<ServerTestSendStatus> record(List<Notice> notices) {
        Map<String, TestSendStatus> records = new TreeMap<>();
        for (ServerView server : servers) {
            ResourceKey key = server.key();
            TestSendStatus old = recorded.get(key.toString());
            OrganizationTestNews.Finished finished = news.finished().get(key);
            if (finished != null) {
                records.put(key.toString(), TestRecord.of(finished.order(), finished.result(), old));
                notices.add(TestRecord.notice("MailServer " + key + ": ", finished.order(), finished.result()));
            } else if (old != null) {
                records.put(key.toString(), old);
            }
        }
        return records.entrySet().stream().map(e -> new ServerTestSendStatus(e.getKey(), e.getValue())).toList();
    }

    /** The tests to be made now: those that a new value of the annotation asks for, and failed ones again. */
    List<TestOrder> due(List<ServerTestSendStatus> records) {
        Optional<String> request = TestRequest.of(organization);
        if (request.isEmpty()) {
            return List.of();
        }
        List<TestOrder> orders = new ArrayList<>();
        // Nobody's login is known here; such servers are proved on their own, by the login that they name for that.
        List<ServerView> candidates = servers.stream()
                .filter(s -> !s.wantsSubmitter() && !isRefusedAt(s) && !news.running().containsKey(s.key()))
                // Where not all may be tested at once, whoever asks again and again leaves no server out for ever.
                .sorted(Comparator.comparing(s -> last(records, s.key()).map(TestSendStatus::time).orElse("")))
                .toList();
        for (ServerView server : candidates) {
            Optional<TestSendStatus> last = last(records, server.key());
            boolean asked = last.filter(l -> request.get().equals(l.request())).isEmpty();
            boolean again = last.flatMap(TestRecord::nextAttempt).filter(t -> !t.isAfter(world.now())).isPresent();
            if (asked || again) {
                Optional<TestMail> mail = mail(server, request.get());
                if (mail.isPresent() && isSwitchedOff()) {
                    heldBack |= asked;
                } else if (mail.isPresent() && rate.mayTest(server.key())) {
                    orders.add(new TestOrder(Optional.of(OrganizationPlan.key(organization)), mail.get(), "", request));
                } else if (mail.isPresent()) {
                    newTestWaits |= asked;
                }
            }
        }
        return orders;
    }

    /** The one place that says as whom an organization's test is sent, and to whom. */
    private Optional<TestMail> mail(ServerView server, String request) {
        Optional<String> recipient = TestRequest.recipient(request)
                .or(server::testRecipient)
                .or(() -> Optional.ofNullable(organization.getSpec().administrators())
                        .flatMap(a -> a.stream().findFirst()));
        Identities sender = senders.through(identity, globals.contains(server.key()));
        return recipient.flatMap(to -> world.serverRoute(server.key())
                .map(route -> new TestMail(route, sender.from(), sender.replyTo(), sender.envelopeFrom(), to,
                        "OrganizationMailSettings " + OrganizationPlan.key(organization), dkim)));
    }

    private boolean isSwitchedOff() {
        return Boolean.FALSE.equals(organization.getSpec().sendingEnabled());
    }

    /** For the status. */
    @Nullable
    String countedUntil() {
        return rate.countedUntil();
    }

    /** Test mails do not come by the relay, which would refuse them. */
    private boolean isRefusedAt(ServerView server) {
        return senders.refuses(identity, globals.contains(server.key()));
    }

    Condition condition(Conditions conditions, List<TestOrder> orders, List<ServerTestSendStatus> records) {
        ConditionType type = ConditionType.TestSendSucceeded;
        if (!orders.isEmpty() || !news.running().isEmpty()) {
            return conditions.set(type, Status.Unknown, Reason.InProgress,
                    "test mails of this organization are on their way");
        }
        Optional<Problem> refused = senders.problem(identity);
        if (refused.isPresent()) {
            return conditions.set(type, Status.False, refused.get().reason(),
                    "test mails of this organization are not sent: " + refused.get().message());
        }
        if (newTestWaits) {
            return conditions.set(type, Status.Unknown, Reason.TestRateLimited,
                    rate.waiting().map(TestRate.Wait::message).orElse(""));
        }
        if (heldBack) {
            return conditions.set(type, Status.Unknown, Reason.SendingDisabled,
                    "no test mail is sent while sending is switched off (spec.sendingEnabled); set it to true, and the "
                            + "test that the annotation postrider.dev/test-send asks for is made");
        }
        List<Proof> proofs = servers.stream().flatMap(s -> proof(s, records).stream()).toList();
        List<Proof> good = proofs.stream().filter(Proof::accepted).toList();
        if (!good.isEmpty()) {
            Optional<Condition> told = conditions.before(type, Status.True).filter(c -> c.is(Reason.Accepted));
            if (good.size() == proofs.size() && told.isPresent() && isOfAServer(good.getFirst())) {
                // That a server was proved again is no news of each organization: it would be written for all of them.
                return conditions.set(type, Status.True, Reason.Accepted, told.get().message());
            }
            String reply = good.getFirst().reply().orElse("");
            return good.size() == proofs.size()
                    ? conditions.set(type, Status.True, Reason.Accepted,
                            "Email server accepted mail for delivery: " + reply)
                    : conditions.set(type, Status.True, Reason.SomeServersFailed,
                            "Email server accepted mail for delivery: %s. But %d of %d servers failed their last test: %s"
                                    .formatted(reply, proofs.size() - good.size(), proofs.size(), failures(proofs)));
        }
        if (!proofs.isEmpty()) {
            return conditions.set(type, Status.False,
                    proofs.getFirst().failedStep().orElse(Reason.Failed), failures(proofs));
        }
        boolean testing = servers.stream()
                .anyMatch(s -> s.tested()
                        .filter(t -> !t.is(Reason.InProgress) && !t.is(Reason.TestRateLimited)
                                && !t.is(Reason.NotValid))
                        .isEmpty());
        boolean nowhere = !servers.isEmpty() && servers.stream().noneMatch(ServerView::routed);
        Optional<Condition> proved = conditions.before(type, Status.True);
        if (testing && !nowhere && proved.isPresent()) {
            // The relay has what was proved until the test of new settings has ended, and so has this condition.
            return conditions.setAs(type, proved.get(), proved.get().message());
        }
        return testing || nowhere
                ? conditions.set(type, Status.Unknown, Reason.WaitingForServer,
                        "the servers are not proved yet: " + Names.some(servers.stream()
                                .map(s -> "MailServer " + s.key())
                                .toList()))
                : conditions.set(type, Status.Unknown, Reason.NotTested, servers.stream()
                        .flatMap(s -> s.tested().stream())
                        .filter(t -> t.is(Reason.LoginNotTested))
                        .map(ServerView.Said::message)
                        .findFirst()
                        .orElse("not tested; set spec.test.recipient of the MailServer, or annotate this resource with "
                                + "postrider.dev/test-send: an address"));
    }

    /** Whether it is a server's own, and not this organization's through it. */
    private boolean isOfAServer(Proof proof) {
        return servers.stream().anyMatch(server -> server.proof().filter(proof::equals).isPresent());
    }

    /** Whether a condition says that tests are yet to tell. */
    static boolean isUnderWay(Condition condition) {
        return condition.status() == Status.Unknown
                && (condition.is(Reason.InProgress) || condition.is(Reason.WaitingForServer)
                        || condition.is(Reason.TestRateLimited));
    }

    private static String failures(List<Proof> proofs) {
        return proofs.stream()
                .filter(p -> !p.accepted())
                .map(p -> p.failure().orElse(""))
                .distinct()
                .collect(Collectors.joining("; "));
    }

    /**
     * The later of the server's own test and this organization's through it. Success proves nothing where the relay has
     * no route to the server: that may be another one than the one that was tested.
     */
    private Optional<Proof> proof(ServerView server, List<ServerTestSendStatus> records) {
        Optional<Proof> ofServer = server.proof();
        return last(records, server.key())
                .filter(own -> ofServer.isEmpty() || world.testedAt(server.key())
                        .filter(then -> !Instant.parse(own.time()).isAfter(then))
                        .isEmpty())
                .map(Proof::of)
                .or(() -> ofServer)
                .filter(proof -> server.routed() || !proof.accepted());
    }

    private static Optional<TestSendStatus> last(List<ServerTestSendStatus> records, ResourceKey server) {
        return records.stream()
                .filter(r -> r.mailServer().equals(server.toString()))
                .map(ServerTestSendStatus::result)
                .findFirst();
    }

    /** When a test is to be made that waits or has failed; whoever is switched off is planned anew when that changes. */
    Optional<Instant> lookAgain(List<ServerTestSendStatus> records) {
        return isSwitchedOff()
                ? Optional.empty()
                : Stream.concat(rate.waiting().map(TestRate.Wait::until).stream(),
                        records.stream().flatMap(r -> TestRecord.nextAttempt(r.result()).stream()))
                        .filter(then -> then.isAfter(world.now()))
                        .min(Comparator.naturalOrder());
    }
}
