package dev.postrider.operator.installation;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.notice.NoticeEnvelope;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.SubmissionResult;
import dev.postrider.plan.World;
import dev.postrider.reply.Reply;
import dev.postrider.route.Address;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TlsSettings;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Hands mail of Postrider's own to the relay as an application of the organization would: with its binding's login, and
 * TLS.
 */
public final class RelaySubmission {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    /** The relay answers the end of a message when it is on disk. */
    private static final Duration REPLY_TIMEOUT = Duration.ofMinutes(1);

    private final Cluster cluster;
    private final Upstreams upstreams;
    private final Optional<URI> address;
    private final InstantSource clock;

    /**
     * A way to the relay.
     *
     * @param address host and port of it; empty for where applications find it
     */
    public RelaySubmission(Cluster cluster, Upstreams upstreams, Optional<URI> address, InstantSource clock) {
        this.cluster = cluster;
        this.upstreams = upstreams;
        this.address = address;
        this.clock = clock;
    }

    /**
     * A mail to be handed over.
     *
     * @param organization   whose mail it is
     * @param envelopeFrom   its envelope sender
     * @param messageId      the same for each attempt
     * @param idempotencyKey by which the relay knows a mail that it has taken already
     */
    public record Mail(ResourceKey organization, Address from, Optional<Address> replyTo, String envelopeFrom,
            List<String> recipients, String messageId, String idempotencyKey) {}

    /** Writes a mail. */
    @FunctionalInterface
    public interface Composer {
        /**
         * Writes it.
         *
         * @throws IOException if what it says cannot be had now
         */
        MessageContent compose(NoticeEnvelope envelope) throws IOException;
    }

    /** Connects, hands the mail over and says goodbye. Blocks as long as that takes. */
    public SubmissionResult send(Mail mail, Composer composer) {
        Instant start = clock.instant();
        long started = System.nanoTime();
        try {
            return send(mail, composer, start);
        } catch (IOException e) {
            return failed(start, Duration.ofNanos(System.nanoTime() - started), "relay",
                    String.valueOf(e.getMessage()));
        }
    }

    /** What becomes of a mail that failed by a defect of Postrider's own; the log has the rest. */
    public SubmissionResult failed(Throwable defect) {
        return failed(clock.instant(), Duration.ZERO, "relay", "it could not be sent by a fault of Postrider ("
                + defect.getClass().getSimpleName() + "); look into the operator's log, and report it");
    }

    private SubmissionResult send(Mail mail, Composer composer, Instant start) throws IOException {
        World world = cluster.world();
        Optional<RelayAddress> relay = world.installation().relay();
        Optional<BindingLookup.Own> binding = world.organization(mail.organization())
                .map(o -> world.binding(mail.organization(), OrganizationPlan.bindingName(o)))
                .filter(BindingLookup.Own.class::isInstance)
                .map(BindingLookup.Own.class::cast);
        if (relay.isEmpty() || binding.isEmpty()) {
            return failed(start, Duration.ZERO, "relay", "organization " + mail.organization()
                    + " has no binding to log in to the relay with; its status tells why");
        }
        MessageContent content = composer.compose(new NoticeEnvelope(mail.from(), mail.replyTo(), mail.recipients(),
                mail.messageId(), Optional.of(mail.idempotencyKey()), start));
        Envelope envelope = new Envelope(mail.envelopeFrom(), mail.recipients(), false, isInternational(mail));
        try (Upstream upstream = upstreams.to(route(relay.get(), mail.organization(), binding.get().password()))) {
            return result(start, upstream.send(envelope, content));
        }
    }

    /** Whether an address is not ASCII, so that the header is not either (RFC 6531). */
    private static boolean isInternational(Mail mail) {
        List<String> addresses = new ArrayList<>(mail.recipients());
        addresses.add(mail.from().address());
        addresses.add(mail.envelopeFrom());
        mail.replyTo().ifPresent(r -> addresses.add(r.address()));
        return addresses.stream().anyMatch(a -> !StandardCharsets.US_ASCII.newEncoder().canEncode(a));
    }

    private ServerRoute route(RelayAddress relay, ResourceKey organization, String password) {
        return new ServerRoute(new ResourceKey(cluster.namespace(), "postrider-relay"), false, true,
                new Endpoint.Smtp(address.map(URI::getHost).orElse(RelayNames.host(cluster.namespace())),
                        address.map(URI::getPort).orElse(relay.port()), Endpoint.Security.STARTTLS,
                        new TlsSettings(TlsSettings.DEFAULT.minimumVersion(), Optional.of(relay.host()),
                                relay.caCertificate(), Optional.empty(), TlsSettings.Verification.FULL, List.of()),
                        false, Optional.empty(), Optional.empty(), CONNECT_TIMEOUT, REPLY_TIMEOUT, REPLY_TIMEOUT,
                        REPLY_TIMEOUT, 1,
                        Optional.of(new Login.Password(RelayLogin.of(organization), password))));
    }

    private SubmissionResult result(Instant start, Attempt attempt) {
        List<String> refusals = new ArrayList<>();
        Optional<String> reply = Optional.empty();
        boolean accepted = false;
        for (Map.Entry<String, Verdict> verdict : attempt.verdicts().entrySet()) {
            switch (verdict.getValue()) {
                case Verdict.Accepted taken -> {
                    accepted = true;
                    reply = Optional.of(taken.reply().text());
                }
                case Verdict.Refused refused -> {
                    refusals.add(verdict.getKey() + ": " + refused.message());
                    reply = reply.or(() -> refused.reply().map(Reply::text));
                }
            }
        }
        Optional<String> failure = refusals.isEmpty()
                ? Optional.empty()
                : Optional.of(accepted ? String.join("; ", refusals) : refusals.getFirst());
        return new SubmissionResult(start, attempt.duration(), attempt.server(), accepted, reply, failure);
    }

    private static SubmissionResult failed(Instant start, Duration duration, String server, String failure) {
        return new SubmissionResult(start, duration, server, false, Optional.empty(), Optional.of(failure));
    }
}
