package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Observations;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.QueuedMail;
import dev.postrider.api.OrganizationMailSettingsStatus;
import dev.postrider.api.OrganizationMailSettingsStatus.ServerTestSendStatus;
import dev.postrider.api.Reason;
import dev.postrider.plan.CapabilitiesNow.Works;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an OrganizationMailSettings comes to.
 *
 * @param route     the route that the relay should have; empty means that what it has stays
 * @param binding   the Secret that applications should find; empty means that what they have stays
 * @param copies    where copies of that Secret are to be, or may stay; empty means that all of them go
 * @param release   whether nothing holds the resource any more: route and binding go, then its finalizer
 * @param tests     test mails to be sent now, at most one for each server
 * @param status    the status to write, if it differs
 * @param lookAgain when to plan again though nothing has changed
 * @param notices   what is worth an Event
 * @param report    a usage report to be sent now, after the status that tells of it was written
 * @param reportAt  when to look again for a usage report
 */
public record OrganizationPlan(Optional<OrganizationRoute> route, Optional<Binding> binding,
        Optional<BindingCopies> copies, boolean release,
        List<TestOrder> tests, OrganizationMailSettingsStatus status, Optional<Instant> lookAgain,
        List<Notice> notices, Optional<UsageReportOrder> report, Optional<Instant> reportAt)
        implements
            Plan {

    /** Plans for one organization. */
    public static OrganizationPlan of(OrganizationMailSettings organization, World world, OrganizationTestNews news) {
        return of(organization, world, news, UsageReportNews.none());
    }

    /** Plans for one organization, its usage reports included. */
    public static OrganizationPlan of(OrganizationMailSettings organization, World world, OrganizationTestNews news,
            UsageReportNews reports) {
        return new Planning(organization, world, news, reports, Optional.empty()).plan();
    }

    /**
     * Plans anew for an organization whose route or binding the API server has refused: its status then tells so, and
     * everything else goes on.
     */
    public static OrganizationPlan of(OrganizationMailSettings organization, World world, OrganizationTestNews news,
            UsageReportNews reports, Refusal refused) {
        return new Planning(organization, world, news, reports, Optional.of(refused)).plan();
    }

    /** Whether the status tells of a refusal. */
    public static boolean isToldRefused(OrganizationMailSettings organization) {
        return organization.getStatus() != null
                && Refusal.isTold(organization.getStatus().conditions(), ConditionType.BindingReady);
    }

    /**
     * The same plan once it is known what came of its copies.
     *
     * @param refused what the API server refused, in a few words, by namespace
     */
    public OrganizationPlan refused(Map<String, String> refused) {
        return refused.isEmpty() ? this : copies.map(c -> refused(c, refused)).orElse(this);
    }

    private OrganizationPlan refused(BindingCopies asked, Map<String, String> refused) {
        Condition told = asked.condition(refused);
        List<Condition> conditions = Objects.requireNonNullElse(status.conditions(), List.<Condition>of())
                .stream()
                .map(condition -> condition.is(ConditionType.BindingCopied) ? told : condition)
                .toList();
        List<Notice> news = new ArrayList<>(notices);
        asked.notice(Map.of()).ifPresent(news::remove);
        asked.notice(refused).ifPresent(news::add);
        return new OrganizationPlan(route, binding, copies, release, tests,
                new OrganizationMailSettingsStatus(status.observedGeneration(), conditions, status.binding(),
                        status.servers(), status.serverSummary(), status.capabilities(), status.testSends(),
                        status.testsCountedUntil(), status.usageReport(), status.dkim(), status.senderDomains()),
                lookAgain, List.copyOf(news), report, reportAt);
    }

    /**
     * The route of an organization that is left alone: nothing changes but what is granted to it, which is not its own
     * to keep. Empty where it has none, or none that differs.
     */
    public static Optional<OrganizationRoute> paused(OrganizationMailSettings organization, World world) {
        SendersAllowed senders = SendersAllowed.of(organization, Servers.of(organization, world), world);
        return world.organizationRoute(key(organization))
                .filter(route -> NamespaceBounds.keeps(world, organization, route))
                .flatMap(route -> Optional.of(withServers(route, world).granting(senders.granted()))
                        .filter(made -> !made.equals(route)));
    }

    /** The same with those that have the names of its servers now, which are of its own namespace, or everybody's. */
    private static OrganizationRoute withServers(OrganizationRoute route, World world) {
        return route.through(route.servers()
                .stream()
                .flatMap(server -> world.mailServer(server).flatMap(ServerView::uid).stream())
                .toList());
    }

    /** What is wrong with an organization and the servers that it names, each problem apart. */
    public static List<Problem> problems(OrganizationMailSettings organization, World world) {
        List<Problem> problems = new ArrayList<>();
        DeclaredOrganization.of(organization, world, problems);
        problems.addAll(Servers.of(organization, world).problems());
        OrganizationBinding.taken(organization, world).ifPresent(problems::add);
        return List.copyOf(problems);
    }

    /** When each of its servers was tested last for it. */
    public static Stream<Instant> testedAt(OrganizationMailSettings organization) {
        return Stream.ofNullable(organization.getStatus())
                .flatMap(status -> Stream.ofNullable(status.testSends()))
                .flatMap(List::stream)
                .map(test -> Instant.parse(test.result().time()));
    }

    /** Whether its status says that reports reached nobody, which it does until the relay has said something else. */
    public static boolean saysReportsLost(OrganizationMailSettings organization) {
        return Optional.ofNullable(organization.getStatus())
                .flatMap(status -> Conditions.find(status.conditions(), ConditionType.ReportsDelivered))
                .isPresent();
    }

    /** Name of the Secret that an organization's applications mount. */
    public static String bindingName(OrganizationMailSettings organization) {
        return OrganizationBinding.name(organization);
    }

    static ResourceKey key(OrganizationMailSettings organization) {
        return new ResourceKey(organization.getMetadata().getNamespace(), organization.getMetadata().getName());
    }

    /** One run of the plan, with what its steps share. */
    private static final class Planning {
        private final OrganizationMailSettings organization;
        private final OrganizationMailSettingsSpec spec;
        private final ResourceKey key;
        private final World world;
        private final OrganizationTestNews news;
        private final UsageReportNews reports;
        private final Optional<Refusal> refused;
        private final Conditions conditions;
        private final Deletion deletion;
        private final @Nullable OrganizationMailSettingsStatus before;
        private final List<Problem> problems = new ArrayList<>();
        private final List<Notice> notices = new ArrayList<>();

        Planning(OrganizationMailSettings organization, World world, OrganizationTestNews news,
                UsageReportNews reports, Optional<Refusal> refused) {
            this.refused = refused;
            this.organization = organization;
            this.spec = organization.getSpec();
            this.key = key(organization);
            this.world = world;
            this.news = news;
            this.reports = reports;
            this.before = organization.getStatus();
            this.deletion = Deletion.of(organization, spec.deletionConfirmation());
            this.conditions = new Conditions(Observations.ofOrganization(),
                    before == null ? null : before.conditions(), world.now(),
                    organization.getMetadata().getGeneration() == null
                            ? 0
                            : organization.getMetadata().getGeneration());
        }

        OrganizationPlan plan() {
            problems.addAll(NamespaceBounds.passed(world, organization, "organizations", "organizations"));
            Servers servers = Servers.of(organization, world);
            SendersAllowed senders = SendersAllowed.of(organization, servers, world);
            DeclaredOrganization written = DeclaredOrganization.of(organization, world, problems);
            DeclaredOrganization declared = written.as(senders.through(written.identity()));
            OrganizationTests tests = new OrganizationTests(organization, world, news, servers, declared.identity(),
                    senders, declared.dkim());
            List<ServerTestSendStatus> records = tests.record(notices);
            List<TestOrder> orders = deletion == Deletion.CONFIRMED || !problems.isEmpty()
                    ? List.of()
                    : tests.due(records);

            OrganizationBinding binding = new OrganizationBinding(organization, world, servers, deletion,
                    problems.isEmpty(), refused);

            Condition resolved = conditions.set(ConditionType.ServersResolved, servers.status(), servers.reason(),
                    servers.message());
            Optional<Condition> allowed = senders.condition(conditions);
            Condition bound = binding.ready(conditions);
            Optional<BindingCopies> copies = BindingCopies.of(organization, world, binding, conditions);
            copies.ifPresent(c -> conditions.add(c.condition(Map.of())));
            Condition tested = tests.condition(conditions, orders, records);
            Condition relay = conditions.set(ConditionType.RelayAvailable, world.relay());
            Optional<Instant> limitUsed = QuotaLimits.of(spec)
                    .flatMap(_ -> WithinLimits.tell(world.usedLimit(key), world, conditions, notices));
            Backups.ofOrganization(servers, world).condition(conditions, notices);
            new MailTaken(key, organization.getMetadata().getUid(), world)
                    .tell(before == null ? null : before.conditions(), conditions, notices);
            Optional<ReportsDelivered> reportLost = ReportsDelivered.of(key, world);
            reportLost.map(lost -> lost.condition(conditions))
                    .filter(conditions::isNews)
                    .ifPresent(told -> notices.add(Notice.warning(told)));
            ReportsDelivered.keep(before == null ? null : before.conditions(), key, world, conditions);
            boolean sendsAsItself = !senders.refuses(declared.identity());
            Condition ready = ready(Stream.concat(allowed.filter(_ -> !sendsAsItself).stream(),
                    Stream.of(resolved, bound, tested, relay)).toList(), servers, binding);
            Optional<Rotation> password = binding.password().filter(_ -> servers.usable());
            List<ResourceKey> through = password.isPresent()
                    ? servers.named()
                    : world.organizationRoute(key).map(OrganizationRoute::servers).orElse(List.of());
            Works works = works(ready, binding, List.of(resolved, tested, relay),
                    servers.takeMail(key, through, world));
            CapabilitiesNow capabilities = CapabilitiesNow.of(spec, capability -> works(capability, works, servers),
                    conditions);
            Optional<OrganizationRoute> route = password
                    .map(rotation -> route(rotation, declared, servers, capabilities))
                    .or(() -> world.organizationRoute(key)
                            .filter(last -> NamespaceBounds.keeps(world, organization, last))
                            .map(last -> lastGood(last, capabilities)))
                    .map(made -> withServers(made, world).granting(senders.granted()));
            if (deletion != Deletion.CONFIRMED) {
                conditions.stalled(ready, Stream.of(Problem.reasons(problems), Problem.reasons(servers.problems()),
                        Reason.of(bound.reason()).stream()).flatMap(reasons -> reasons));
            }
            boolean release = deletion(route.isPresent());
            UsageReports.Result report = new UsageReports(organization, declared.identity(), declared.usageReports(),
                    conditions.get(Capability.USAGE_REPORT.conditionType), world.now(), reports).plan();
            notices.addAll(report.notices());

            OrganizationMailSettingsStatus status = new OrganizationMailSettingsStatus(
                    organization.getMetadata().getGeneration(), conditions.list(),
                    binding.status(before == null ? null : before.binding()),
                    servers.keys(), servers.summary(), capabilities.status(), records.isEmpty() ? null : records,
                    tests.countedUntil(),
                    report.status().orElse(null), declared.dkim().isEmpty() ? null : DkimKeys.records(declared.dkim()),
                    senders.domains().isEmpty() ? null : senders.domains());
            // A relay that is not up yet is on its way, and no fault of the organization.
            boolean waitsForRelay = ready.reason().equals(relay.reason()) && ready.message().equals(relay.message());
            boolean isRefusal = Refusal.isToldBy(bound) && ready.message().equals(bound.message());
            if (conditions.isNews(ready) && ready.status() == Status.False && !waitsForRelay && !isRefusal
                    && deletion != Deletion.CONFIRMED) {
                notices.add(Notice.warning(ready));
            }
            if (Refusal.isToldBy(bound) && conditions.isNews(bound)) {
                notices.add(Notice.warning(bound));
            }
            binding.rotated().ifPresent(notices::add);
            copies.flatMap(c -> c.notice(Map.of())).ifPresent(notices::add);
            return new OrganizationPlan(release ? Optional.empty() : route,
                    release ? Optional.empty() : binding.secret(declared, capabilities),
                    release ? Optional.empty() : copies, release, orders, status,
                    release
                            ? Optional.empty()
                            : earliest(Stream.of(lookAgain(tests, records), binding.nextChange(),
                                    copies.map(BindingCopies::lookAgain), senders.lookAgain(), limitUsed,
                                    reportLost.map(ReportsDelivered::until),
                                    Refusal.nextAttempt(bound, world.now()))),
                    List.copyOf(notices), report.order(), report.lookAgain());
        }

        private State state() {
            if (deletion == Deletion.CONFIRMED) {
                return spec.queuedMailOnDeletion() == QueuedMail.Drop ? State.DROPPING : State.CLOSING;
            }
            return Boolean.FALSE.equals(spec.sendingEnabled()) ? State.SUSPENDED : State.OPEN;
        }

        private OrganizationRoute route(Rotation rotation, DeclaredOrganization declared, Servers servers,
                CapabilitiesNow capabilities) {
            Identities identity = declared.identity();
            return new OrganizationRoute(key, Sha256.of(rotation.password()), state(), servers.named(), identity.from(),
                    identity.envelopeFrom(), declared.webhook(), declared.sizeLimit(),
                    Optional.of(identity.senders()), Optional.of(capabilities.unavailable()),
                    SupportDesk.of(key, spec, declared, servers, world), rotation.former(),
                    declared.usageReports().flatMap(UsageReports.Declared::countedIn), identity.replyTo(),
                    declared.dkim(), identity.bounceAddress(),
                    Optional.ofNullable(organization.getMetadata().getUid()), Optional.empty(), Optional.empty(),
                    servers.preferences(), QuotaLimits.of(spec));
        }

        /** What the relay has goes on, but whether mail may be sent, and of which classes, takes effect at once. */
        private OrganizationRoute lastGood(OrganizationRoute route, CapabilitiesNow capabilities) {
            OrganizationRoute last = route.in(state()).without(capabilities.unavailable());
            return problems.stream().anyMatch(problem -> problem.reason() == Reason.LinkHostTaken)
                    ? last.withoutOwnLinkHost()
                    : last;
        }

        private static Optional<Instant> earliest(Stream<Optional<Instant>> times) {
            return times.flatMap(Optional::stream).min(Comparator.naturalOrder());
        }

        private Condition ready(List<Condition> parts, Servers servers, OrganizationBinding binding) {
            ConditionType type = ConditionType.Ready;
            if (deletion == Deletion.CONFIRMED) {
                return conditions.set(type, Status.False, Reason.BeingDeleted,
                        "the organization is being deleted, and the relay takes no new mail of it");
            }
            if (!problems.isEmpty()) {
                String last = world.organizationRoute(key).isPresent()
                        ? ". Until then the relay goes on with the last valid settings"
                        : "";
                return conditions.set(type, Status.False, problems.getFirst().reason(),
                        Problem.describe(problems) + last);
            }
            for (Condition part : parts) {
                if (part.status() == Status.False) {
                    return conditions.setAs(type, part, part.message());
                }
            }
            for (Condition part : parts) {
                if (part.status() == Status.Unknown && !OrganizationTests.isNotTested(part)) {
                    return conditions.setAs(type, part, part.message());
                }
            }
            if (Boolean.FALSE.equals(spec.sendingEnabled())) {
                return conditions.set(type, Status.True, Reason.SendingDisabled,
                        "valid, and sending is switched off (spec.sendingEnabled)");
            }
            Condition tested = parts.stream()
                    .filter(c -> c.is(ConditionType.TestSendSucceeded))
                    .findFirst()
                    .orElseThrow();
            return tested.status() == Status.True
                    ? conditions.set(type, Status.True, Reason.MailWorks, servers.wantOnlySubmitters()
                            ? "mail can be sent: " + binding.howToLogIn()
                            : "mail can be sent with the login in Secret \"%s\"".formatted(binding.name()))
                    : conditions.set(type, Status.True, Reason.NotTested, tested.message());
        }

        private boolean hadCapabilities() {
            return before != null && Arrays.stream(Capability.values())
                    .anyMatch(capability -> Conditions.find(before.conditions(), capability.conditionType)
                            .filter(condition -> condition.status() == Status.True)
                            .isPresent());
        }

        /**
         * Whether the organization's mail works. Another test takes nothing away before it has failed, nor an invalid
         * edit while the relay goes on with the last valid settings.
         *
         * @param others conditions besides the spec's own problems
         * @param taken  whether the relay takes mail for the route that it has or gets
         */
        private Works works(Condition ready, OrganizationBinding binding, List<Condition> others, boolean taken) {
            if (deletion == Deletion.CONFIRMED) {
                return new Works.No(Reason.BeingDeleted, "the organization is being deleted");
            }
            if (Boolean.FALSE.equals(spec.sendingEnabled())) {
                return new Works.No(Reason.SendingDisabled, "comes when sending is switched on (spec.sendingEnabled)");
            }
            if (ready.status() == Status.True && ready.is(Reason.MailWorks)) {
                return new Works.Yes(Reason.MailWorks, "");
            }
            if (taken && OrganizationTests.isUnderWay(ready) && hadCapabilities()) {
                return new Works.Yes(Reason.TestedAgain, ", and mail is being tested again");
            }
            if (taken && (!problems.isEmpty() || binding.isLeftAsItWas()) && world.organizationRoute(key).isPresent()
                    && others.stream().allMatch(other -> other.status() == Status.True)) {
                return new Works.Yes(Reason.LastValidSettings, ", with the last valid settings");
            }
            return new Works.No(Reason.MailNotProved, "comes when mail works, see Ready: " + ready.reason());
        }

        /** Usage reports are the only mail of a capability that goes with the organization's own login in any case. */
        private Works works(Capability capability, Works mail, Servers servers) {
            return mail instanceof Works.Yes && capability == Capability.USAGE_REPORT
                    ? OwnMail.noServer(organization, servers)
                            .<Works>map(problem -> new Works.No(problem.reason(), problem.message()))
                            .orElse(mail)
                    : mail;
        }

        private boolean deletion(boolean routed) {
            return switch (deletion) {
                case NOT_ASKED -> false;
                case UNCONFIRMED -> {
                    Condition held = Deletion.unconfirmed(conditions, organization, spec.deletionConfirmation(),
                            "Its login at the relay and Secret \"%s\" will be lost%s.".formatted(
                                    bindingName(organization),
                                    spec.queuedMailOnDeletion() == QueuedMail.Drop ? ", and its queued mail" : ""));
                    if (conditions.isNews(held)) {
                        notices.add(Notice.warning(held));
                    }
                    yield false;
                }
                case CONFIRMED -> drained(routed);
            };
        }

        /** Whether the relay holds no mail of the organization any more. */
        private boolean drained(boolean routed) {
            boolean relayGone = !world.relay().deployed();
            OptionalLong queued = relayGone || !routed ? OptionalLong.of(0) : world.queued(key);
            boolean told = relayGone || !routed
                    || world.organizationRoute(key).filter(r -> r.state() == state()).isPresent();
            ConditionType type = ConditionType.DeletionConfirmed;
            if (told && queued.isPresent() && queued.getAsLong() == 0) {
                conditions.set(type, Status.True, Reason.Confirmed, "being deleted");
                notices.add(Notice.normal(Reason.Deleted,
                        "deleted as confirmed; its login at the relay and Secret \"%s\" are removed, queued mail was %s"
                                .formatted(bindingName(organization),
                                        spec.queuedMailOnDeletion() == QueuedMail.Drop ? "dropped" : "delivered")));
                return true;
            }
            conditions.set(type, Status.True, Reason.Draining,
                    "confirmed; no new mail is taken. " + (queued.isEmpty()
                            ? "How many messages are queued is not known, since no relay answers; waiting for one"
                            : queued.getAsLong() == 1
                                    ? "Waiting for 1 queued message to be delivered"
                                    : "Waiting for " + queued.getAsLong() + " queued messages to be delivered")
                            + "; spec.queuedMailOnDeletion: Drop throws away what is queued");
            return false;
        }

        private Optional<Instant> lookAgain(OrganizationTests tests,
                List<ServerTestSendStatus> records) {
            if (deletion == Deletion.CONFIRMED) {
                return Optional.of(world.now().plus(Duration.ofSeconds(2)));
            }
            return tests.lookAgain(records);
        }
    }
}
