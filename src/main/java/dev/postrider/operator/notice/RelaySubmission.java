package dev.postrider.operator.notice;

import dev.postrider.notice.NoticeContent;
import dev.postrider.notice.NoticeEnvelope;
import dev.postrider.notice.NoticeKind;
import dev.postrider.notice.NoticeMail;
import dev.postrider.operator.Cluster;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.plan.NoticeOrder;
import dev.postrider.plan.NoticeResult;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.World;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TlsSettings;
import dev.postrider.transport.Attempt;
import dev.postrider.transport.Envelope;
import dev.postrider.transport.MessageContent;
import dev.postrider.transport.Reply;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Upstreams;
import dev.postrider.transport.Verdict;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands notices to the relay as an application of the organization would: with its binding's login, and TLS. */
public final class RelaySubmission {
    private static final Logger LOG = LoggerFactory.getLogger(RelaySubmission.class);
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

    /** Connects, hands the notice over and says goodbye. Blocks as long as that takes; does not throw. */
    public NoticeResult send(NoticeOrder order) {
        Instant start = clock.instant();
        long started = System.nanoTime();
        try {
            return send(order, start);
        } catch (RuntimeException e) {
            LOG.error("notice {} of organization {} failed unexpectedly", order.id(), order.organization(), e);
            return failed(start, Duration.ofNanos(System.nanoTime() - started), "relay",
                    String.valueOf(e.getMessage()));
        }
    }

    private NoticeResult send(NoticeOrder order, Instant start) {
        World world = cluster.world();
        Optional<RelayAddress> relay = world.installation().relay();
        Optional<BindingLookup.Own> binding = world.organization(order.organization())
                .map(o -> world.binding(order.organization(), OrganizationPlan.bindingName(o)))
                .filter(BindingLookup.Own.class::isInstance)
                .map(BindingLookup.Own.class::cast);
        if (relay.isEmpty() || binding.isEmpty()) {
            return failed(start, Duration.ZERO, "relay", "organization " + order.organization()
                    + " has no binding to log in to the relay with; its status tells why");
        }
        MessageContent mail = NoticeMail.compose(content(order), new NoticeEnvelope(order.from(), order.replyTo(),
                order.recipients(), order.messageId(), Optional.of(order.idempotencyKey()), start));
        Envelope envelope = new Envelope(order.envelopeFrom(), order.recipients(), false, isInternational(order));
        try (Upstream upstream = upstreams.to(route(relay.get(), order.organization(), binding.get().password()))) {
            return result(start, upstream.send(envelope, mail));
        }
    }

    private static NoticeContent content(NoticeOrder order) {
        var settings = order.settings();
        return new NoticeContent(switch (order.id().notice()) {
            case BEFORE -> NoticeKind.BEFORE;
            case ON_EXPIRY -> NoticeKind.ON_EXPIRY;
        }, settings.license(), LocalDate.parse(settings.expiryDate()), order.daysLeft(), order.organizationName(),
                order.linkHost(), settings.language(), Optional.ofNullable(settings.subject()),
                Optional.ofNullable(settings.body()), settings.calendar(), ZoneId.of(settings.timeZone()),
                order.id().test());
    }

    /** Whether an address is not ASCII, so that the header is not either (RFC 6531). */
    private static boolean isInternational(NoticeOrder order) {
        List<String> addresses = new ArrayList<>(order.recipients());
        addresses.add(order.from().address());
        addresses.add(order.envelopeFrom());
        order.replyTo().ifPresent(r -> addresses.add(r.address()));
        return addresses.stream().anyMatch(a -> !StandardCharsets.US_ASCII.newEncoder().canEncode(a));
    }

    private ServerRoute route(RelayAddress relay, ResourceKey organization, String password) {
        return new ServerRoute(new ResourceKey(cluster.namespace(), "postrider-relay"), false, true,
                new Endpoint.Smtp(address.map(URI::getHost).orElse(RelayWorkload.host(cluster.namespace())),
                        address.map(URI::getPort).orElse(relay.port()), Endpoint.Security.STARTTLS,
                        new TlsSettings(TlsSettings.DEFAULT.minimumVersion(), Optional.of(relay.host()),
                                relay.caCertificate(), Optional.empty(), TlsSettings.Verification.FULL, List.of()),
                        false, Optional.empty(), Optional.empty(), CONNECT_TIMEOUT, REPLY_TIMEOUT, REPLY_TIMEOUT,
                        REPLY_TIMEOUT, 1,
                        Optional.of(new Login.Password(RelayLogin.of(organization), password))));
    }

    private NoticeResult result(Instant start, Attempt attempt) {
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
        return new NoticeResult(start, attempt.duration(), attempt.server(), accepted, reply, failure);
    }

    private static NoticeResult failed(Instant start, Duration duration, String server, String failure) {
        return new NoticeResult(start, duration, server, false, Optional.empty(), Optional.of(failure));
    }
}
