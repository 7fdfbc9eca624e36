package dev.postrider.relay;

import dev.postrider.relay.queue.Draft;
import dev.postrider.relay.queue.NewMessage;
import dev.postrider.relay.queue.NewMessage.NewRecipient;
import dev.postrider.relay.queue.Queue;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.relay.telemetry.RelayMeters;
import dev.postrider.relay.telemetry.Tracing;
import dev.postrider.relay.smtp.IncomingMessage;
import dev.postrider.relay.smtp.OriginalRecipient;
import dev.postrider.relay.smtp.Recipient;
import dev.postrider.relay.smtp.Submission;
import dev.postrider.relay.smtp.SubmissionPolicy;
import dev.postrider.relay.smtp.Xtext;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Routing;
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
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Organizations log in with the password of their binding; their mail goes into the queue. */
final class OrganizationSubmissions implements SubmissionPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(OrganizationSubmissions.class);

    /** Compared with when there is no such organization, so that this takes as long. No password has this digest. */
    private static final String NO_DIGEST = "0".repeat(64);

    private final Routes routes;
    private final Queue queue;
    private final String hostName;
    private final TraceSettings trace;
    private final Pattern own;
    private final RelayMeters meters;
    private final Tracing tracing;
    private final InstantSource clock;

    OrganizationSubmissions(Routes routes, Queue queue, String hostName, TraceSettings trace, InstantSource clock,
            RelayMeters meters, Tracing tracing) {
        this.routes = routes;
        this.queue = queue;
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
    public boolean authenticate(String user, String password) {
        Optional<OrganizationRoute> route = route(user);
        String expected = route.map(OrganizationRoute::passwordSha256).orElse(NO_DIGEST);
        return Sha256.matches(password, expected) && route.isPresent();
    }

    @Override
    public Optional<Refusal> refusal(Optional<String> user) {
        Optional<OrganizationRoute> route = user.flatMap(this::route);
        if (route.isEmpty()) {
            return Optional.of(new Refusal(535, "5.7.8", "this organization is no longer known here, log in again"));
        }
        return switch (route.get().state()) {
            case CLOSING, DROPPING -> Optional.of(new Refusal(550, "5.7.1", "this organization is being deleted"));
            case OPEN, SUSPENDED -> routes.routing(route.get().key()).flatMap(OrganizationSubmissions::refusal);
        };
    }

    private static Optional<Refusal> refusal(Routing routing) {
        return switch (routing) {
            case Routing.Through through -> Optional.empty();
            case Routing.Nowhere(boolean permanent, String status, String reason) ->
                Optional.of(new Refusal(permanent ? 550 : 451, status, reason));
        };
    }

    @Override
    public void refused(Optional<String> user, String at) {
        meters.refused(user.flatMap(this::route).map(OrganizationRoute::key), at);
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
        return OrganizationRoute.ofLogin(user).flatMap(routes::organization);
    }

    @Override
    public boolean offersDsn() {
        return true;
    }

    @Override
    public IncomingMessage open(Submission submission) throws IOException {
        ResourceKey organization = submission.user()
                .flatMap(OrganizationRoute::ofLogin)
                .orElseThrow(() -> new IllegalStateException("mail without a login"));
        Draft draft = queue.draft(organization);
        return new Incoming(organization, submission, draft,
                new TraceHeaders(new RoomAware(draft.content()), submission,
                        new ReceivedField(hostName, draft.id(), clock.instant(), trace.clientAddress()),
                        new LoopDetection(trace, own)));
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
        private final SubmissionFields content;
        private String id;

        Incoming(ResourceKey organization, Submission submission, Draft draft, TraceHeaders headers) {
            this.organization = organization;
            this.submission = submission;
            this.draft = draft;
            this.headers = headers;
            this.content = new SubmissionFields(headers);
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
                    .address("from", submission.sender())
                    .with("recipients", submission.recipients().size())
                    .with("size", draft.size())
                    .with("client", submission.client().getHostAddress())
                    .with("tls", submission.tls().isPresent())
                    .with("duration", Duration.ofNanos(System.nanoTime() - start)));
        }

        private NewMessage message(boolean eightBit) throws RefusedException {
            return new NewMessage(submission.sender(),
                    submission.recipients().stream().map(OrganizationSubmissions::recipient).toList(), eightBit,
                    submission.smtpUtf8(),
                    new DsnRequest(submission.dsn().returned().map(returned -> Return.valueOf(returned.name())),
                            submission.dsn().envelopeId().map(Xtext::encode)),
                    content.idempotencyKey(), content.traceParent(), clock.instant());
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
