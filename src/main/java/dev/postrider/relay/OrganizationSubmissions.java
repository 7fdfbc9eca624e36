package dev.postrider.relay;

import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.NewMessage.NewRecipient;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.submitter.CredentialsCipher;
import dev.postrider.relay.submitter.SubmitterLogins;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.OriginalRecipient;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.relay.smtp.Xtext;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.Sha256;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import dev.postrider.transport.DsnRequest;
import dev.postrider.transport.DsnRequest.Return;
import dev.postrider.transport.RecipientDsnRequest;
import dev.postrider.transport.RecipientDsnRequest.Notify;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

    /** Where mail is refused, and not a session or a login. */
    private static final Set<String> MAIL = Set.of("mail", "recipient", "data");

    private final Routes routes;
    private final Queue queue;
    private final SubmitterLogins logins;
    private final CredentialsCipher cipher;
    private final String hostName;
    private final TraceSettings trace;
    private final Pattern own;
    private final RelayMeters meters;
    private final Tracing tracing;
    private final InstantSource clock;

    OrganizationSubmissions(Routes routes, Queue queue, SubmitterLogins logins, CredentialsCipher cipher,
            String hostName, TraceSettings trace, InstantSource clock,
            RelayMeters meters, Tracing tracing) {
        this.routes = routes;
        this.queue = queue;
        this.logins = logins;
        this.cipher = cipher;
        this.hostName = hostName;
        this.trace = trace;
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
            return admit(route.get(), new Credentials(submitter.get(), password));
        }
        String expected = route.map(OrganizationRoute::passwordSha256).orElse(NO_DIGEST);
        return Sha256.matches(password, expected) && route.isPresent()
                ? new Admitted(user, Optional.empty())
                : Admission.WRONG;
    }

    /** Whoever submits with his own login counts among the sessions of the organization. */
    private Admission admit(OrganizationRoute route, Credentials credentials) {
        List<ServerRoute> servers = routes.routing(route.key())
                .filter(Routing.Through.class::isInstance)
                .map(routing -> ((Routing.Through) routing).forSubmitters())
                .orElse(List.of());
        if (servers.isEmpty() || credentials.user().indexOf('\0') >= 0) {
            return Admission.WRONG;
        }
        if (!cipher.isReady()) {
            LOG.error("no user of organization {} can log in: the relay's route holds no key for credentials",
                    route.key());
            return later("the relay is not ready for such logins, try again later");
        }
        return switch (logins.check(route.key(), servers, credentials)) {
            case SubmitterLogins.Right() ->
                new Admitted(RelayLogin.of(route.key()), Optional.of(new Submitter(credentials)));
            case SubmitterLogins.Wrong() -> Admission.WRONG;
            case SubmitterLogins.Later(String why) -> later(why);
        };
    }

    private static Admission later(String why) {
        return new Denied(new Refusal(454, "4.7.0", why));
    }

    /** Whose login the mail of a session is sent with. */
    private record Submitter(Credentials credentials) implements Ticket {}

    @Override
    public Optional<Refusal> refusal(Optional<String> user) {
        Optional<OrganizationRoute> route = user.flatMap(this::route);
        if (route.isEmpty()) {
            return Optional.of(new Refusal(535, "5.7.8", "this organization is no longer known here, log in again"));
        }
        return switch (route.get().state()) {
            case CLOSING, DROPPING -> Optional.of(new Refusal(550, "5.7.1", "this organization is being deleted"));
            case OPEN, SUSPENDED -> routes.routing(route.get().key())
                    .flatMap(routing -> refusal(routing, RelayLogin.parse(user.get()).orElseThrow()));
        };
    }

    @Override
    public Optional<Refusal> refusalOfSender(Optional<String> user, String reversePath) {
        return user.flatMap(this::route)
                .flatMap(SenderIdentity::of)
                .filter(identity -> !identity.rewrites() && !identity.allowsEnvelope(reversePath))
                .map(identity -> identity.refusal("the envelope sender",
                        List.of(CanonicalAddress.of(reversePath))));
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
            organization.ifPresent(key -> queue.counters().refused(key, Optional.empty()));
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
        ResourceKey organization = submission.user()
                .flatMap(RelayLogin::parse)
                .map(RelayLogin::organization)
                .orElseThrow(() -> new IllegalStateException("mail without a login"));
        Draft draft = queue.draft(organization);
        return new Incoming(organization, submission, draft,
                new TraceHeaders(new RoomAware(draft.content()), submission,
                        new ReceivedField(hostName, draft.id(), clock.instant(), trace.clientAddress()),
                        new LoopDetection(trace, own)),
                routes.organization(organization).flatMap(SenderIdentity::of));
    }

    /** Tells its writer which failures are for want of room. */
    private static final class RoomAware extends OutputStream {
        private final OutputStream out;

        RoomAware(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] octets, int offset, int count) throws IOException {
            try {
                out.write(octets, offset, count);
            } catch (QueueException.Full | QueueException.OverLimit e) {
                throw noSpace(e);
            }
        }
    }

    private static IncomingMessage.NoSpaceException noSpace(QueueException e) {
        return new IncomingMessage.NoSpaceException(String.valueOf(e.getMessage()), e);
    }

    private final class Incoming implements IncomingMessage {
        private final ResourceKey organization;
        private final Submission submission;
        private final Draft draft;
        private final TraceHeaders headers;
        private final Optional<SenderIdentity> identity;
        private final Optional<SenderFields> senders;
        private final SubmissionFields content;
        private String id;

        Incoming(ResourceKey organization, Submission submission, Draft draft, TraceHeaders headers,
                Optional<SenderIdentity> identity) {
            this.organization = organization;
            this.submission = submission;
            this.draft = draft;
            this.headers = headers;
            this.identity = identity;
            this.senders = identity.map(i -> new SenderFields(headers, i));
            this.content = new SubmissionFields(senders.isPresent() ? senders.get() : headers);
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
            content.finish();
            if (senders.isPresent()) {
                senders.get().finish();
            }
            headers.finish();
            try (Tracing.Acceptance trace = tracing.accept(organization, draft.id(), content.traceParent())) {
                id = draft.commit(message(eightBit).inTrace(trace.traceParent()));
                trace.committed(draft.size());
            } catch (QueueException.Full | QueueException.OverLimit e) {
                throw noSpace(e);
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
                    .with("recipients", submission.recipients().size())
                    .with("size", draft.size())
                    .with("client", submission.client().getHostAddress())
                    .with("tls", submission.tls().isPresent())
                    .with("duration", Duration.ofNanos(System.nanoTime() - start)));
        }

        private String sender() {
            return identity.filter(i -> !i.allowsEnvelope(submission.sender()))
                    .map(SenderIdentity::reversePath)
                    .orElse(submission.sender());
        }

        /** Whether an address that was put in needs SMTPUTF8. */
        private boolean madeInternational() {
            return SenderIdentity.isInternational(sender()) || senders.filter(SenderFields::isRewritten)
                    .flatMap(_ -> identity)
                    .filter(i -> SenderIdentity.isInternational(i.from().address()))
                    .isPresent();
        }

        private NewMessage message(boolean eightBit) throws IOException {
            NewMessage message = new NewMessage(sender(),
                    submission.recipients().stream().map(OrganizationSubmissions::recipient).toList(),
                    eightBit || madeInternational(), submission.smtpUtf8() || madeInternational(),
                    new DsnRequest(submission.dsn().returned().map(returned -> Return.valueOf(returned.name())),
                            submission.dsn().envelopeId().map(Xtext::encode)),
                    content.idempotencyKey(), content.traceParent(), clock.instant());
            return submission.ticket().orElse(null) instanceof Submitter submitter
                    ? message.with(Optional.of(cipher.encrypt(organization, draft.id(), submitter.credentials())
                            .orElseThrow(() -> new IOException("there is no key to encrypt its credentials by"))))
                    : message;
        }

        @Override
        public void close() {
            draft.close();
        }
    }

    private static NewRecipient recipient(Recipient recipient) {
        Set<Notify> conditions = recipient.reports()
                .stream()
                .map(report -> Notify.valueOf(report.name()))
                .collect(Collectors.toSet());
        return new NewRecipient(recipient.mailbox(),
                new RecipientDsnRequest(conditions, recipient.original().map(OriginalRecipient::parameter)));
    }
}
