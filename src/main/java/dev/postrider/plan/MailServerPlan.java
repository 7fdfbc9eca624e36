package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.MailServerSpec.Scope;
import dev.postrider.api.MailServerStatus;
import dev.postrider.api.Mailbox;
import dev.postrider.api.Observations;
import dev.postrider.api.Reason;
import dev.postrider.api.Smtp;
import dev.postrider.api.TestSendStatus;
import dev.postrider.api.TestSpec;
import dev.postrider.plan.Installation.SenderDomains;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Preference;
import dev.postrider.route.ReplyRule;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a MailServer comes to.
 *
 * @param route     the route that the relay should have; empty means that what it has stays
 * @param release   whether nothing holds the resource any more: its route goes, then its finalizer
 * @param test      a test mail to be sent now
 * @param status    the status to write, if it differs
 * @param lookAgain when to plan again though nothing has changed
 * @param notices   what is worth an Event
 */
public record MailServerPlan(Optional<ServerRoute> route, boolean release, Optional<TestOrder> test,
        MailServerStatus status, Optional<Instant> lookAgain, List<Notice> notices) implements Plan {

    /** Plans for one server. */
    public static MailServerPlan of(MailServer server, World world, TestNews news) {
        return new Planning(server, world, news, Optional.empty()).plan();
    }

    /**
     * Plans anew for a server whose route the API server has refused: its status then tells so, and everything else goes
     * on.
     */
    public static MailServerPlan of(MailServer server, World world, TestNews news, Refusal refused) {
        return new Planning(server, world, news, Optional.of(refused)).plan();
    }

    /** Whether the status tells of a refusal. */
    public static boolean isToldRefused(MailServer server) {
        return server.getStatus() != null && Refusal.isTold(server.getStatus().conditions(), ConditionType.Ready);
    }

    /** What is wrong with a server and its Secrets, each problem apart. */
    public static List<Problem> problems(MailServer server, World world) {
        Planning planning = new Planning(server, world, TestNews.none(), Optional.empty());
        planning.plan();
        return List.copyOf(planning.problems);
    }

    /** What of a declaration is likely to be a mistake, though it is valid. */
    public static List<Problem> warnings(MailServer server) {
        return server.getSpec() == null
                ? List.of()
                : Stream.of(UnusualPorts.of(server.getSpec()), KnownTroubles.of(server.getSpec()))
                        .flatMap(List::stream)
                        .toList();
    }

    /**
     * The route of a server that is left alone: nothing changes but that it is no global one any more, where its
     * namespace has lost that. Empty where nothing changes.
     */
    public static Optional<ServerRoute> paused(MailServer server, World world) {
        return world.serverRoute(key(server))
                .filter(route -> route.global()
                        && !world.installation().trustedNamespaces().contains(route.key().namespace()))
                .filter(route -> NamespaceBounds.keeps(world, server, route))
                .map(route -> route.global(false));
    }

    /** Whether a server is one of all organizations, and in a namespace where that is honoured. */
    private static boolean isHonouredGlobal(MailServer server, Installation installation) {
        return server.getSpec().scope() == Scope.Global
                && installation.trustedNamespaces().contains(server.getMetadata().getNamespace());
    }

    /** Whether it takes mail with the login of whoever submits it, and no other. */
    static boolean wantsSubmitter(MailServer server) {
        return Endpoints.submitter(server.getSpec()).isPresent();
    }

    /** When it was tested last. */
    public static Optional<Instant> testedAt(MailServer server) {
        return Optional.ofNullable(server.getStatus())
                .flatMap(status -> Optional.ofNullable(status.testSend()))
                .map(test -> Instant.parse(test.time()));
    }

    static boolean isActive(MailServer server) {
        return !Boolean.FALSE.equals(server.getSpec().active());
    }

    static ResourceKey key(MailServer server) {
        return new ResourceKey(server.getMetadata().getNamespace(), server.getMetadata().getName());
    }

    /** One run of the plan, with what its steps share. */
    private static final class Planning {
        private final MailServer server;
        private final MailServerSpec spec;
        private final World world;
        private final TestNews news;
        private final Optional<Refusal> refused;
        private final @Nullable MailServerStatus before;
        private final Conditions conditions;
        private final TestRate rate;
        private Optional<TestRate.Wait> newTestWaits = Optional.empty();
        private final List<Problem> problems = new ArrayList<>();
        private final List<Notice> notices = new ArrayList<>();

        Planning(MailServer server, World world, TestNews news, Optional<Refusal> refused) {
            this.refused = refused;
            this.server = server;
            this.spec = server.getSpec();
            this.world = world;
            this.news = news;
            this.before = server.getStatus();
            this.rate = new TestRate(server, world, before == null ? null : before.testsCountedUntil());
            this.conditions = new Conditions(Observations.ofMailServer(),
                    before == null ? null : before.conditions(), world.now(),
                    server.getMetadata().getGeneration() == null ? 0 : server.getMetadata().getGeneration());
        }

        MailServerPlan plan() {
            checkSpec();
            Endpoints endpoints = new Endpoints(world, server.getMetadata().getNamespace(), problems);
            Optional<Endpoint> declared = endpoints.of(spec);
            Optional<Endpoint> tested = declared.map(e -> endpoints.forTest(spec, e)).filter(_ -> problems.isEmpty());
            Optional<Endpoint> endpoint = declared.filter(_ -> problems.isEmpty());
            Optional<String> fingerprint = tested.map(this::fingerprint);
            TestSendStatus record = recordTest();
            Optional<TestOrder> test = tested.flatMap(e -> test(e, fingerprint.orElseThrow(), record));
            Optional<ServerRoute> route = route(endpoint, fingerprint, record);

            Condition secrets = secretsValid(declared.isPresent());
            Condition proof = testSendSucceeded(fingerprint, test, record);
            conditions.set(ConditionType.RelayAvailable, world.relay());
            sendersRestricted();
            takesMail();
            onBackup(route.isPresent());
            Condition ready = ready(secrets, proof);
            conditions.stalled(ready, Stream.concat(Problem.reasons(problems), Reason.of(ready.reason()).stream()));
            boolean release = deletion();

            MailServerStatus status = new MailServerStatus(server.getMetadata().getGeneration(),
                    Endpoints.display(spec), conditions.list(), record, rate.countedUntil(),
                    weakenedChecks());
            if (conditions.isNews(ready) && ready.status() == Status.False
                    && (news.finished().isEmpty() || Refusal.isToldBy(ready))) {
                notices.add(Notice.warning(ready));
            }
            List<Problem> unusual = warnings(server);
            if (conditions.isNews(ready) && ready.message().endsWith(Problem.describe(unusual)) && !unusual.isEmpty()) {
                notices.add(Notice.warning(unusual.getFirst().reason(), Problem.describe(unusual)));
            }
            Optional<Instant> lookAgain = server.getMetadata().getDeletionTimestamp() != null && !release
                    ? Optional.of(world.now().plus(Duration.ofSeconds(30)))
                    : Stream.of(rate.waiting()
                            .map(TestRate.Wait::until)
                            .or(() -> TestRecord.nextAttempt(record).filter(then -> then.isAfter(world.now()))),
                            refused.flatMap(_ -> Refusal.nextAttempt(ready, world.now())))
                            .flatMap(Optional::stream)
                            .min(Comparator.naturalOrder());
            return new MailServerPlan(release ? Optional.empty() : route, release, release ? Optional.empty() : test,
                    status, lookAgain, List.copyOf(notices));
        }

        /** What is switched off; said once, when it is new. */
        private @Nullable List<String> weakenedChecks() {
            List<String> weakened = Endpoints.weakenedChecks(spec);
            if (weakened.isEmpty()) {
                return null;
            }
            if (before == null || !weakened.equals(before.weakenedChecks())) {
                notices.add(Notice.warning(Reason.ChecksWeakened, "less safe than by default, as declared: spec.smtp."
                        + String.join(", spec.smtp.", weakened)
                        + "; whoever stands between Postrider and the server may be able to read or change mail"));
            }
            return weakened;
        }

        private void checkSpec() {
            Installation installation = world.installation();
            if (spec.scope() == Scope.Global && !isHonouredGlobal(server, installation)) {
                problems.add(new Problem(Area.SPEC, Reason.ScopeNotAllowed, "spec.scope",
                        ("a global server would get every organization's mail, so it is honoured only in the namespaces %s, "
                                + "not in \"%s\"; declare it there, or make it a server of scope Organization")
                                .formatted(
                                        installation.trustedNamespaces().stream().sorted().toList(),
                                        server.getMetadata().getNamespace())));
            }
            problems.addAll(NamespaceBounds.passed(world, server, "MailServers", "mailServers"));
            DeclaredReplyRules.check(spec, problems);
            SenderGrants.check(Objects.requireNonNullElse(spec.senders(), List.of()), problems);
            MailAddress.check("spec.sender.address", spec.sender() == null ? null : spec.sender().address(), problems);
            MailAddress.check("spec.test.recipient", spec.test() == null ? null : spec.test().recipient(), problems);
        }

        /** What a test proves: the way to the server, and who writes to whom. */
        private String fingerprint(Endpoint endpoint) {
            String recipient = spec.test() == null ? "" : spec.test().recipient();
            return Fingerprint.of(RouteJson.write(endpoint) + "\n" + spec.sender() + "\n" + recipient,
                    world.installation().fingerprintKey());
        }

        private @Nullable TestSendStatus recordTest() {
            TestSendStatus recorded = before == null ? null : before.testSend();
            if (news.finished().isEmpty() || news.result().isEmpty()) {
                return recorded;
            }
            TestResult result = news.result().get();
            notices.add(TestRecord.notice("", news.finished().get(), result));
            return TestRecord.of(news.finished().get(), result, recorded);
        }

        private Optional<TestOrder> test(Endpoint endpoint, String fingerprint, @Nullable TestSendStatus record) {
            if (news.running().isPresent() || Deletion.of(server, spec.deletionConfirmation()) == Deletion.CONFIRMED) {
                return Optional.empty();
            }
            Optional<String> request = TestRequest.of(server);
            boolean asked = request.isPresent() && (record == null || !request.get().equals(record.request()));
            boolean changed = whenToTest() == TestSpec.When.OnChange
                    && (record == null || !fingerprint.equals(record.fingerprint()));
            boolean again = TestRecord.nextAttempt(record).filter(t -> !t.isAfter(world.now())).isPresent();
            if (!asked && !changed && !again) {
                return Optional.empty();
            }
            // A request that was answered stays answered by a later test of another cause.
            Optional<String> answered = asked || record != null && record.request() != null
                    ? request
                    : Optional.empty();
            Optional<String> recipient = (asked || again && !changed ? answered : Optional.<String>empty())
                    .flatMap(TestRequest::recipient)
                    .or(() -> Optional.ofNullable(spec.test()).map(TestSpec::recipient));
            Optional<String> now = recipient.filter(_ -> rate.mayTest(key(server)));
            // One that failed and waits to be tried again is a failure until then.
            newTestWaits = rate.waiting().filter(_ -> asked || changed);
            return now.map(to -> new TestOrder(Optional.empty(), mail(endpoint, to), fingerprint, answered));
        }

        private TestSpec.When whenToTest() {
            return spec.test() == null || spec.test().when() == null ? TestSpec.When.OnChange : spec.test().when();
        }

        private TestMail mail(Endpoint endpoint, String recipient) {
            Mailbox sender = spec.sender();
            Address from = sender == null
                    ? new Address(recipient, Optional.of("Postrider"))
                    : new Address(sender.address(), Optional.ofNullable(sender.name()));
            return new TestMail(route(isGlobal(), endpoint, DeclaredReplyRules.of(spec)),
                    from, Optional.empty(), from.address(), recipient, "MailServer " + key(server));
        }

        /**
         * The endpoint that was proved last serves until a new one is proved; whether the server is active takes effect
         * at once.
         */
        private Optional<ServerRoute> route(Optional<Endpoint> endpoint, Optional<String> fingerprint,
                @Nullable TestSendStatus record) {
            Optional<ServerRoute> before = world.serverRoute(key(server))
                    .filter(route -> NamespaceBounds.keeps(world, server, route));
            Optional<Endpoint> last = before.map(ServerRoute::endpoint);
            // No test proves them, so that they take effect at once.
            List<ReplyRule> rules = problems.isEmpty()
                    ? DeclaredReplyRules.of(spec)
                    : before.map(ServerRoute::replyRules).orElse(List.of());
            if (spec.scope() == Scope.Global && !isGlobal()) {
                // It may have been honoured before, and must not get everybody's mail any more.
                return last.map(e -> route(false, e, rules));
            }
            Optional<Endpoint> proved = endpoint.filter(_ -> !isTested()
                    || record != null && record.accepted()
                            && fingerprint.equals(Optional.ofNullable(record.fingerprint())));
            return proved.or(() -> last).map(e -> route(isGlobal(), e, rules));
        }

        private ServerRoute route(boolean global, Endpoint endpoint, List<ReplyRule> rules) {
            return new ServerRoute(key(server), global, isActive(server), endpoint)
                    .of(Optional.ofNullable(server.getMetadata().getUid()))
                    .preferred(preference())
                    .limited(ServerRates.of(spec))
                    .replyRules(rules);
        }

        private Preference preference() {
            return Servers.preference(spec.priority(), spec.weight());
        }

        /** Only what is honoured is the installation's own choice, and exempt from its policy of egress. */
        private boolean isGlobal() {
            return isHonouredGlobal(server, world.installation());
        }

        private boolean isTested() {
            return spec.test() != null && whenToTest() == TestSpec.When.OnChange;
        }

        /** Whether mail through this server may come from domains of others; told once, and it keeps nobody from sending. */
        private void sendersRestricted() {
            Optional<SenderDomains> policy = world.installation().senderDomains().filter(_ -> isGlobal());
            if (policy.isEmpty()) {
                return;
            }
            if (policy.get() != SenderDomains.OPEN) {
                conditions.set(ConditionType.SendersRestricted, Status.True,
                        policy.get() == SenderDomains.VERIFIED ? Reason.Verified : Reason.Granted,
                        "each namespace sends through global servers as the domains that are granted to it"
                                + (policy.get() == SenderDomains.VERIFIED ? ", or verified by DNS" : ""));
                return;
            }
            Condition open = conditions.set(ConditionType.SendersRestricted, Status.False, Reason.Open,
                    "any namespace may send as any domain through this server; list in spec.senders which namespace may "
                            + "send as which domains, then set senderDomains: Granted of the chart");
            if (conditions.isNews(open)) {
                notices.add(Notice.warning(Reason.SendersNotRestricted, open.message()));
            }
        }

        /** Whether the relay sends mail there, which a test mail does not tell; nothing of a server that never rested. */
        private void takesMail() {
            Optional<ServerRest> rest = world.rest(key(server));
            if (rest.isPresent()) {
                boolean overRate = rest.get().overRate();
                Condition rests = conditions.set(ConditionType.TakesMail, Status.False,
                        overRate ? Reason.OverRate : Reason.Rests,
                        "since %s %sthe relay sends it no mail; mail goes through other servers, or waits%s".formatted(
                                rest.get().since().truncatedTo(ChronoUnit.SECONDS),
                                overRate ? "it is over its rate (spec.limits), and " : "",
                                rest.get().why().isEmpty() ? "" : ": " + rest.get().why()));
                if (conditions.isNews(rests)) {
                    notices.add(Notice.warning(overRate ? Reason.ServerOverRate : Reason.ServerRests, rests.message()));
                }
            } else if (conditions.had(ConditionType.TakesMail)) {
                Condition takes = conditions.set(ConditionType.TakesMail, Status.True, Reason.TakesMail,
                        "the relay sends it mail");
                if (conditions.isNews(takes)) {
                    notices.add(Notice.normal(Reason.ServerTakesMail, "the relay sends it mail again"));
                }
            }
        }

        /** Said by those alone that mail of organizations without own servers goes through. */
        private void onBackup(boolean routed) {
            if (routed && isGlobal() && isActive(server)) {
                Backups.ofGlobal(world.globalServers()
                        .stream()
                        .filter(other -> other.isHonouredGlobal(world.installation()))
                        // Its own route may be as new as this plan.
                        .filter(other -> other.takesMail() || other.key().equals(key(server)))
                        .toList(), world).condition(conditions, notices);
            }
        }

        private Condition secretsValid(boolean allRead) {
            ConditionType type = ConditionType.SecretsValid;
            List<Problem> wrong = problems.stream().filter(p -> p.area() == Area.SECRETS).toList();
            if (!wrong.isEmpty()) {
                return conditions.set(type, Status.False, wrong.getFirst().reason(),
                        Problem.describe(wrong) + lastGood());
            }
            List<String> sources = new ArrayList<>(sources("Secret ", Endpoints.secretNames(spec)));
            sources.addAll(sources("ConfigMap ", Endpoints.configMapNames(spec)));
            if (sources.isEmpty()) {
                return conditions.set(type, Status.True, Reason.NoneNeeded, "the server needs no Secret");
            }
            String names = String.join(" and ", sources);
            return allRead
                    ? conditions.set(type, Status.True, Reason.Valid, "read from " + names)
                    : conditions.set(type, Status.Unknown, Reason.NotRead,
                            names + " is read once the spec is mended: " + Problem.describe(problems));
        }

        private static List<String> sources(String kind, List<String> names) {
            return names.isEmpty() ? List.of() : List.of(kind + String.join(", ", names.stream().distinct().toList()));
        }

        private String lastGood() {
            return world.serverRoute(key(server)).isPresent()
                    ? ". Until then the relay goes on with the last valid settings"
                    : "";
        }

        private Condition testSendSucceeded(Optional<String> fingerprint, Optional<TestOrder> test,
                @Nullable TestSendStatus record) {
            ConditionType type = ConditionType.TestSendSucceeded;
            if (fingerprint.isEmpty()) {
                return conditions.set(type, Status.Unknown, Reason.NotValid,
                        "the test waits until what is wrong with the resource is mended");
            }
            Optional<TestOrder> underway = test.or(news::running);
            if (underway.isPresent()) {
                return conditions.set(type, Status.Unknown, Reason.InProgress,
                        "a test mail to " + underway.get().mail().recipient() + " is on its way");
            }
            if (newTestWaits.isPresent()) {
                return conditions.set(type, Status.Unknown, Reason.TestRateLimited, newTestWaits.get().message());
            }
            if (record == null || !fingerprint.get().equals(record.fingerprint())) {
                return spec.test() == null
                        ? conditions.set(type, Status.Unknown, Reason.NoRecipient,
                                "not tested; set spec.test.recipient to prove this server with a real mail")
                        : conditions.set(type, Status.Unknown, Reason.NotRequested,
                                "not tested; a new value of the annotation postrider.dev/test-send asks for a test");
            }
            if (record.accepted() && Endpoints.isTestedWithoutMail(spec)) {
                return conditions.set(type, Status.Unknown, Reason.LoginNotTested,
                        "the server was reached%s and offers a login; no mail was sent, since only those who submit can log in. Name a login in spec.smtp.authentication.submitter.testSecretRef to prove it with a mail"
                                .formatted(record.tlsProtocol() == null ? "" : " by " + record.tlsProtocol()));
            }
            if (record.accepted()) {
                return conditions.set(type, Status.True, Reason.Accepted,
                        "Email server accepted mail for delivery: " + record.reply() + inTheClear(record));
            }
            return conditions.set(type, Status.False, TestRecord.failedStep(record).orElse(Reason.Failed),
                    record.failure() + Optional.ofNullable(record.nextAttemptTime())
                            .map(t -> ". Tried again at " + t)
                            .orElse("") + lastGood());
        }

        /** That a connection was left in the clear is worth saying where encryption was wanted. */
        private String inTheClear(TestSendStatus record) {
            return Boolean.TRUE.equals(record.inTheClear()) && spec.smtp() != null
                    && spec.smtp().security() == Smtp.Security.StartTLSIfOffered
                            ? " (in the clear, since the server does not offer STARTTLS)"
                            : "";
        }

        private Condition ready(Condition secrets, Condition tested) {
            ConditionType type = ConditionType.Ready;
            List<Problem> wrong = problems.stream().filter(p -> p.area() == Area.SPEC).toList();
            if (!wrong.isEmpty()) {
                return conditions.set(type, Status.False, wrong.getFirst().reason(), Problem.describe(wrong));
            }
            if (secrets.status() == Status.False) {
                return conditions.setAs(type, secrets, secrets.message());
            }
            if (tested.status() == Status.False) {
                return conditions.setAs(type, tested, tested.message());
            }
            if (refused.isPresent()) {
                return conditions.set(type, Status.False, Reason.Refused, refused.get().message() + lastGood());
            }
            if (tested.is(Reason.InProgress) || tested.is(Reason.TestRateLimited)) {
                return conditions.setAs(type, tested, tested.message() + unusual());
            }
            if (!isActive(server)) {
                return conditions.set(type, Status.True, Reason.Inactive, "valid, and switched off (spec.active)");
            }
            return tested.status() == Status.True
                    ? conditions.set(type, Status.True, Reason.Accepted, tested.message() + lasting())
                    : conditions.set(type, Status.True,
                            tested.is(Reason.LoginNotTested) ? Reason.LoginNotTested : Reason.NotTested,
                            tested.message() + unusual());
        }

        /** What ends one day, though it works today. */
        private String lasting() {
            List<Problem> ends = warnings(server).stream()
                    .filter(warning -> warning.reason() == Reason.PasswordsEnd)
                    .toList();
            return ends.isEmpty() ? "" : ". Warning: " + Problem.describe(ends);
        }

        /** What may be a mistake, for as long as no mail has proved that it is not. */
        private String unusual() {
            List<Problem> unusual = warnings(server);
            return unusual.isEmpty() ? "" : ". Warning: " + Problem.describe(unusual);
        }

        private boolean deletion() {
            return switch (Deletion.of(server, spec.deletionConfirmation())) {
                case NOT_ASKED -> false;
                case UNCONFIRMED -> {
                    List<ResourceKey> users = world.usersOf(server);
                    String loss = users.isEmpty()
                            ? "No organization sends through it."
                            : "Organizations that send through it: %s.".formatted(Names.some(users));
                    Condition held = Deletion.unconfirmed(conditions, server, spec.deletionConfirmation(), loss);
                    if (conditions.isNews(held)) {
                        notices.add(Notice.warning(held));
                    }
                    yield false;
                }
                case CONFIRMED -> {
                    conditions.set(ConditionType.DeletionConfirmed, Status.True, Reason.Confirmed, "being deleted");
                    notices.add(Notice.normal(Reason.Deleted,
                            "deleted as confirmed; its route is removed, what was queued goes through the other servers"));
                    yield true;
                }
            };
        }
    }
}
