package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.message.DsnRequest.Return;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.message.header.AddressField;
import dev.postrider.message.header.FieldGrammar;
import dev.postrider.message.header.Xtext;
import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage.NewRecipient;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.queue.Quotas.Taken;
import dev.postrider.relay.queue.Usage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.OriginalRecipient;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.MailClass;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.Support;
import java.io.IOException;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Organizations log in with the password of their binding, users of their mail servers with their own there; the mail
 * goes into the queue.
 */
final class OrganizationSubmissions implements SubmissionPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(OrganizationSubmissions.class);

    /** Compared with when there is no such organization, so that this takes as long. No password has this digest. */
    private static final String NO_DIGEST = "0".repeat(64);

    private static final SecureRandom RANDOM = new SecureRandom();
    /** Where mail is refused, and not a session or a login. */
    private static final Set<String> MAIL = Set.of("mail", "recipient", "data");

    private final Routes routes;
    private final Queue queue;
    private final SubmitterAdmission submitters;
    private final CredentialsCipher cipher;
    private final String hostName;
    private final Supplier<RelayConfiguration.Received> received;
    private final Pattern own;
    private final RelayMeters meters;
    private final Tracing tracing;
    private final InstantSource clock;
    private final OrganizationQuotas quotas;

    OrganizationSubmissions(Routes routes, Queue queue, SubmitterLogins logins, CredentialsCipher cipher,
            String hostName, Supplier<RelayConfiguration.Received> received, InstantSource clock,
            RelayMeters meters, Tracing tracing, OrganizationQuotas quotas) {
        this.quotas = quotas;
        this.routes = routes;
        this.queue = queue;
        this.submitters = new SubmitterAdmission(routes, logins, cipher);
        this.cipher = cipher;
        this.hostName = hostName;
        this.received = received;
        this.own = LoopDetection.by(hostName);
        this.meters = meters;
        this.tracing = tracing;
        this.clock = clock;
    }

    @Override
    public Authentication authentication() {
        return Authentication.REQUIRED;
    }

    @Override
    public Admission admit(String user, String password) {
        Optional<RelayLogin> login = RelayLogin.parse(user);
        Optional<OrganizationRoute> route = login.flatMap(l -> routes.organization(l.organization()));
        Optional<String> submitter = login.flatMap(RelayLogin::user);
        if (submitter.isPresent() && route.isPresent()) {
            return submitters.admit(route.get(), new Credentials(submitter.get(), password));
        }
        if (route.isEmpty() && !routes.isComplete()) {
            return SubmitterAdmission.later("the relay has just started and does not know every organization yet, "
                    + "try again later");
        }
        boolean right = route.map(r -> r.takes(password, clock.instant()))
                .orElseGet(() -> Sha256.matches(password, NO_DIGEST));
        return right && route.isPresent()
                ? new Admitted(RelayLogin.of(route.get().key()), route.get().key().namespace(),
                        Optional.of(new SubmitterAdmission.Session(route.get().uid().orElse(""), Optional.empty())))
                : Admission.WRONG;
    }

    @Override
    public Optional<Refusal> refusal(Optional<String> user) {
        Optional<OrganizationRoute> route = user.flatMap(this::route);
        if (route.isEmpty() && !routes.isComplete()) {
            return Optional
                    .of(new Refusal(451, "4.3.2", "the relay does not know this organization yet, try again later"));
        }
        if (route.isEmpty()) {
            return Optional.of(new Refusal(535, "5.7.8", "this organization is no longer known here, log in again"));
        }
        return switch (route.get().state()) {
            case CLOSING, DROPPING -> Optional.of(new Refusal(550, "5.7.1", "this organization is being deleted"));
            case OPEN, SUSPENDED -> refusal(route.get(), RelayLogin.parse(user.get()).orElseThrow());
        };
    }

    private Optional<Refusal> refusal(OrganizationRoute route, RelayLogin login) {
        return routes.routing(route.key())
                .flatMap(routing -> refusal(routing, login))
                .or(() -> login.mailClass().flatMap(written -> ClassRefusals.of(route, written)))
                .or(() -> quotas.refusal(route));
    }

    @Override
    public Optional<Refusal> refusalOfSender(Optional<String> user, String reversePath) {
        return user.flatMap(RelayLogin::parse)
                .flatMap(this::identity)
                .filter(identity -> !identity.rewrites() && !identity.allowsEnvelope(reversePath))
                .map(identity -> identity.refusal("the envelope sender",
                        List.of(CanonicalAddress.of(reversePath))));
    }

    /** Before the client sends what would be refused afterwards. */
    @Override
    public Optional<Refusal> refusalOfSize(Optional<String> user, long octets) {
        Optional<ResourceKey> organization = user.flatMap(RelayLogin::parse).map(RelayLogin::organization);
        try {
            if (organization.isPresent()) {
                queue.check(organization.get(), octets);
            }
            return Optional.empty();
        } catch (QueueException.OverLimit e) {
            return Optional.of(overLimit(organization.orElseThrow(), e));
        } catch (QueueException e) {
            // It is said at DATA, as it is of a queue that fails then.
            return Optional.empty();
        }
    }

    private Refusal overLimit(ResourceKey organization, QueueException.OverLimit e) {
        meters.overLimit(organization);
        LOG.info("refused mail of organization {}: {}", organization, e.getMessage());
        return new Refusal(452, "4.3.1", e.getMessage() + ", try again later");
    }

    /** Who may be the sender of what comes with a login. */
    private Optional<SenderIdentity> identity(RelayLogin login) {
        return routes.organization(login.organization())
                .flatMap(route -> SenderIdentity.of(route, !mayLeaveThroughOwnServer(login)));
    }

    /** Then it may come from a domain that is not granted, and delivery keeps it from global servers. */
    private boolean mayLeaveThroughOwnServer(RelayLogin login) {
        return routes.routing(login.organization())
                .filter(routing -> routing instanceof Routing.Through(List<ServerRoute> servers) && servers.stream()
                        .anyMatch(server -> !server.global()
                                && server.endpoint().wantsSubmitter() == login.user().isPresent()))
                .isPresent();
    }

    @Override
    public Optional<Refusal> refusalOfRecipient(Optional<String> user, String mailbox, List<Recipient> before) {
        boolean toSupport = Support.isRecipient(mailbox);
        if (toSupport && user.flatMap(this::route).flatMap(OrganizationRoute::support).isEmpty()) {
            return Optional.of(new Refusal(550, "5.1.1", "nobody is named who helps: set support.address of the chart "
                    + "(--support-address of postrider local), or spec.support.address of OrganizationMailSettings where that is allowed"));
        }
        return before.stream().anyMatch(other -> toSupport || Support.isRecipient(other.mailbox()))
                ? Optional.of(new Refusal(550, "5.7.1",
                        "mail to " + Support.RECIPIENT + " goes there alone, send it to others in another mail"))
                : Optional.empty();
    }

    private static Optional<Refusal> refusal(Routing routing, RelayLogin login) {
        return switch (routing) {
            case Routing.Through through when login.user().isPresent() -> through.forSubmitters().isEmpty()
                    ? Optional.of(new Refusal(451, "4.3.2", "no mail server is active that takes mail with this login"))
                    : Optional.empty();
            case Routing.Through through -> through.takesOwn()
                    ? Optional.empty()
                    : Optional.of(new Refusal(550, "5.7.1", "the mail servers of this organization want the login of "
                            + "whoever sends: log in as " + RelayLogin.prefix(login.organization())
                            + "USER, with the name and the password of a user there"));
            case Routing.Nowhere(boolean permanent, String status, String reason) ->
                Optional.of(new Refusal(permanent ? 550 : 451, status, reason));
        };
    }

    @Override
    public void refused(Optional<String> user, String at) {
        Optional<ResourceKey> organization = user.flatMap(this::route).map(OrganizationRoute::key);
        meters.refused(organization, at);
        if (MAIL.contains(at)) {
            organization.ifPresent(key -> queue.counters()
                    .refused(key,
                            user.flatMap(RelayLogin::parse).flatMap(RelayLogin::mailClass).flatMap(MailClass::parse)));
        }
    }

    /** What is sent in parts may be as large as the relay takes. */
    @Override
    public long messageSize(Optional<String> user) {
        return user.flatMap(this::route)
                .flatMap(OrganizationRoute::sizeLimit)
                .filter(limit -> limit.whenTooLarge() == WhenTooLarge.REJECT)
                .flatMap(SizeLimit::octets)
                .orElse(Long.MAX_VALUE);
    }

    private Optional<OrganizationRoute> route(String user) {
        return RelayLogin.parse(user).flatMap(login -> routes.organization(login.organization()));
    }

    @Override
    public boolean offersDsn() {
        return true;
    }

    @Override
    public IncomingMessage open(Submission submission) throws IOException {
        RelayLogin login = submission.user()
                .flatMap(RelayLogin::parse)
                .orElseThrow(() -> new IllegalStateException("mail without a login"));
        ResourceKey organization = login.organization();
        Optional<OrganizationRoute> route = routes.organization(organization);
        String owner = submission.ticket().orElse(null) instanceof SubmitterAdmission.Session session
                ? session.owner()
                : "";
        if (route.flatMap(OrganizationRoute::uid).filter(uid -> !owner.isEmpty() && !uid.equals(owner)).isPresent()) {
            throw new IncomingMessage.RefusedException(new Refusal(535, "5.7.8",
                    "the organization of this login is another one by now, log in again"));
        }
        Draft draft = queue.draft(organization, owner);
        if (submission.announced() > 0) {
            try {
                draft.expect(submission.announced());
            } catch (QueueException e) {
                draft.close();
                throw forWantOfRoom(organization, e);
            }
        }
        LineLength stored = new LineLength(new RoomAware(draft.content(), organization));
        RelayConfiguration.Received now = received.get();
        return new Incoming(organization, submission, draft, stored,
                new TraceHeaders(stored, submission,
                        new ReceivedField(hostName, draft.id(), clock.instant(), now.clientAddress()),
                        new LoopDetection(now, own)),
                identity(login),
                route.flatMap(OrganizationRoute::support)
                        .filter(_ -> submission.recipients().stream().anyMatch(r -> Support.isRecipient(r.mailbox()))));
    }

    private SupportMail supportMail(OutputStream out, Support support, ResourceKey organization) {
        Usage queued = queue.usage(organization);
        return new SupportMail(out, support,
                support.information()
                        .map(information -> new SupportFiles(organization, information, queued.messages(),
                                queued.octets(), clock.instant()).files())
                        .orElse(List.of()),
                RANDOM);
    }

    /** Tells its writer which failures are for want of room. */
    private final class RoomAware extends OutputStream {
        private final OutputStream out;
        private final ResourceKey organization;

        RoomAware(OutputStream out, ResourceKey organization) {
            this.out = out;
            this.organization = organization;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] octets, int offset, int count) throws IOException {
            try {
                out.write(octets, offset, count);
            } catch (QueueException e) {
                throw forWantOfRoom(organization, e);
            }
        }
    }

    private IOException forWantOfRoom(ResourceKey organization, QueueException e) {
        return switch (e) {
            case QueueException.OverLimit over -> new IncomingMessage.RefusedException(overLimit(organization, over));
            case QueueException.Full full ->
                new IncomingMessage.NoSpaceException(String.valueOf(full.getMessage()), full);
            default -> e;
        };
    }

    private final class Incoming implements IncomingMessage {
        private final ResourceKey organization;
        private final Submission submission;
        private final Draft draft;
        private final LineLength stored;
        private final Optional<SenderIdentity> identity;
        private final Optional<Support> support;
        private final SubmittedContent octets;
        private final SubmissionFields content;
        private String id;

        Incoming(ResourceKey organization, Submission submission, Draft draft, LineLength stored,
                TraceHeaders headers, Optional<SenderIdentity> identity, Optional<Support> support) {
            this.organization = organization;
            this.submission = submission;
            this.draft = draft;
            this.stored = stored;
            this.identity = identity;
            this.support = support;
            this.octets = new SubmittedContent(headers, support.map(s -> supportMail(headers, s, organization)),
                    identity, !submission.sender().isEmpty() && support.isEmpty());
            this.content = octets.fields();
            this.id = draft.id();
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public OutputStream content() {
            return content;
        }

        @Override
        public void commit(boolean eightBit) throws IOException {
            long start = System.nanoTime();
            octets.finish();
            boolean longLines = stored.longest() > FieldGrammar.LONGEST_LINE;
            if (longLines && refusesLongLines()) {
                throw new RefusedException(new Refusal(550, "5.6.0",
                        ("the message holds a line of %d octets, and a line "
                                + "has %d at most (RFC 5322 section 2.1.1): break it, or encode it as quoted-printable or base64; "
                                + "spec.limits.longLines: Encode of the organization has that done here")
                                .formatted(stored.longest(), FieldGrammar.LONGEST_LINE)));
            }
            Optional<MailClass> mailClass = mailClass();
            NewMessage message = message(eightBit).withLongLines(longLines).of(mailClass);
            Optional<OrganizationRoute> route = routes.organization(organization);
            Optional<Taken> counted = route.isPresent()
                    ? quotas.take(route.get(), message.recipients().size())
                    : Optional.empty();
            Optional<Instant> held = counted.filter(Taken::held).map(Taken::due);
            boolean queued = false;
            try (Tracing.Acceptance trace = tracing.accept(organization, draft.id(), content.traceParent())) {
                id = draft.commit(held.map(message::dueAt).orElse(message).inTrace(trace.traceParent()));
                queued = id.equals(draft.id());
                trace.committed(draft.size());
            } catch (QueueException e) {
                throw forWantOfRoom(organization, e);
            } finally {
                if (!queued) {
                    counted.ifPresent(taken -> quotas.giveBack(route.orElseThrow(), taken));
                }
            }
            boolean duplicate = !id.equals(draft.id());
            if (duplicate) {
                meters.duplicate();
            } else {
                meters.accepted(organization, draft.size());
            }
            LOG.info("{}", LogLine.of(id, duplicate ? "duplicate" : "accepted")
                    .with("organization", organization)
                    .address("from", sender())
                    .with("class", mailClass.map(MailClass::text))
                    .with("recipients", submission.recipients().size())
                    .with("size", draft.size())
                    .with("client", submission.client().getHostAddress())
                    .with("tls", submission.tls().isPresent())
                    .with("held", held.map(Instant::toString))
                    .with("duration", Duration.ofNanos(System.nanoTime() - start)));
        }

        private boolean refusesLongLines() {
            return routes.organization(organization)
                    .flatMap(OrganizationRoute::sizeLimit)
                    .filter(SizeLimit::refusesLongLines)
                    .isPresent();
        }

        /** What the message is for, by its own word or by the login that it came with. */
        private Optional<MailClass> mailClass() throws RefusedException {
            Optional<MailClass> ofLogin = submission.user()
                    .flatMap(RelayLogin::parse)
                    .flatMap(RelayLogin::mailClass)
                    .flatMap(MailClass::parse);
            Optional<MailClass> named = content.mailClass();
            if (ofLogin.isPresent() && named.isPresent() && !named.equals(ofLogin)) {
                throw new RefusedException(new Refusal(550, "5.6.0", "%s is %s, and the login is for %s"
                        .formatted(MailClass.FIELD, named.get().text(), ofLogin.get().text())));
            }
            Optional<Refusal> refusal = named.flatMap(mailClass -> routes.organization(organization)
                    .flatMap(route -> ClassRefusals.of(route, mailClass)));
            if (refusal.isPresent()) {
                throw new RefusedException(refusal.get());
            }
            return named.or(() -> ofLogin);
        }

        private String sender() {
            return identity.map(i -> i.reversePath(submission.sender(),
                    submission.ticket().orElse(null) instanceof SubmitterAdmission.Session session
                            && session.submitter().isPresent()))
                    .orElse(submission.sender());
        }

        /** Whether an address that was put in needs SMTPUTF8. */
        private boolean madeInternational() {
            return AddressField.isInternational(sender()) || octets.isInternational();
        }

        private NewMessage message(boolean eightBit) throws IOException {
            NewMessage message = new NewMessage(sender(),
                    submission.recipients().stream().map(this::recipient).toList(),
                    eightBit || madeInternational(), submission.smtpUtf8() || madeInternational(),
                    new DsnRequest(submission.dsn().returned().map(returned -> Return.valueOf(returned.name())),
                            submission.dsn().envelopeId().map(Xtext::encode)),
                    content.idempotencyKey(), content.traceParent(), clock.instant());
            return submission.ticket().orElse(null) instanceof SubmitterAdmission.Session session
                    && session.submitter().isPresent()
                            ? message.with(
                                    Optional.of(cipher.encrypt(organization, draft.id(), session.submitter().get())
                                            .orElseThrow(() -> new IOException(
                                                    "there is no key to encrypt its credentials by"))))
                            : message;
        }

        /** Where it really goes. */
        private NewRecipient recipient(Recipient recipient) {
            Set<Notify> conditions = recipient.reports()
                    .stream()
                    .map(report -> Notify.valueOf(report.name()))
                    .collect(Collectors.toSet());
            return new NewRecipient(support.map(Support::address).orElse(recipient.mailbox()),
                    new RecipientDsnRequest(conditions, recipient.original().map(OriginalRecipient::parameter)));
        }

        @Override
        public void close() {
            draft.close();
        }
    }
}
