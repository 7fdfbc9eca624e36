package dev.postrider.relay.links;

import dev.postrider.relay.queue.FormerOwner;
import dev.postrider.relay.queue.KeptAttachment;
import dev.postrider.relay.queue.KeptAttachment.State;
import dev.postrider.relay.queue.KeptAttachments;
import dev.postrider.relay.queue.QueueException;
import dev.postrider.route.Linking;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.Sha256;
import dev.postrider.transport.FairGate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps attachments for download and gives links to them: one for each attachment of a message, however often it is
 * asked for while the message is queued. An attachment is noted before it is stored, and noted as stored afterwards, so
 * that nothing is ever in the store that nobody knows of.
 */
public final class Links implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Links.class);
    private static final Duration SWEEP = Duration.ofHours(1);
    /** For how long it is said of an attachment that it has expired. */
    private static final Duration REMEMBERED = Duration.ofDays(30);
    /** After which the storing of an attachment that nobody waits for has been broken off. */
    private static final Duration BROKEN_OFF = Duration.ofDays(1);
    private static final int REMOVED_AT_ONCE = 200;
    private static final int TOKEN_OCTETS = 32;
    /** Fewer than the 10 that clamd does at a time by itself (MaxThreads of clamd.conf). */
    private static final int SCANS = 8;

    private final KeptAttachments kept;
    private final LinkStore store;
    private final LinkSettings settings;
    private final InstantSource clock;
    private final FairGate scans = new FairGate(SCANS);
    private final SecureRandom random = new SecureRandom();
    private final Thread sweeper = Thread.ofVirtual().name("links-sweep").unstarted(this::sweepAlways);

    Links(KeptAttachments kept, LinkStore store, LinkSettings settings, InstantSource clock) {
        this.kept = kept;
        this.store = store;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Opens the store and looks once an hour for what has expired.
     *
     * @param directory of the relay's volume
     * @throws IOException if the store cannot be used
     */
    public static Links open(LinkSettings settings, Path directory, KeptAttachments kept, InstantSource clock)
            throws IOException {
        LinkStore store = settings.s3().isPresent()
                ? new S3Store(settings.s3().get())
                : new VolumeStore(directory.resolve("links"), VolumeStore.reserve(directory));
        Links links = new Links(kept, store, settings, clock);
        links.sweeper.start();
        return links;
    }

    /**
     * An attachment that is to be kept.
     *
     * @param part   its place in the message
     * @param name   as {@link FileName#clean} gives it
     * @param type   its media type, without parameters
     * @param size   octets
     * @param sha256 of them, in lower-case hex
     */
    public record Attachment(int part, String name, String type, long size, String sha256, LinkStore.Source content) {}

    /**
     * A link to an attachment.
     *
     * @param expires when it leads nowhere any more
     */
    public record Link(String url, String name, long size, Instant expires) {
        @Override
        public String toString() {
            return "Link[" + name + "]";
        }
    }

    /** A link as long as the one that an attachment will get. */
    public Link preview(Linking linking, Attachment attachment) {
        return new Link(url(linking.host(), "x".repeat(token(new byte[TOKEN_OCTETS]).length()), attachment.name()),
                attachment.name(), attachment.size(), expiry(linking));
    }

    private Instant expiry(Linking linking) {
        return clock.instant().plus(Duration.ofDays(linking.days()));
    }

    /**
     * Keeps the attachments of a message, those left out that are kept already.
     *
     * @return a link for each
     * @throws LinksException    if they cannot be kept now
     * @throws InfectedException if one of them holds a virus; none of them is kept then
     */
    public List<Link> keep(ResourceKey organization, String message, Linking linking, List<Attachment> attachments)
            throws LinksException, InfectedException {
        try {
            Map<Integer, KeptAttachment> known = known(organization, message);
            List<Attachment> missing = attachments.stream()
                    .filter(attachment -> Optional.ofNullable(known.get(attachment.part()))
                            .filter(there -> there.state() == State.STORED)
                            .isEmpty())
                    .toList();
            if (!missing.isEmpty()) {
                scan(organization.namespace(), missing);
                reserve(organization, message, linking,
                        missing.stream().filter(attachment -> !known.containsKey(attachment.part())).toList());
                known.putAll(known(organization, message));
                for (Attachment attachment : missing) {
                    KeptAttachment noted = noted(known, attachment);
                    store.put(key(noted), attachment.size(), attachment.content());
                    kept.stored(List.of(noted.until(expiry(linking))));
                }
                LOG.info("{} organization={} attachments={} kept for download", message, organization, missing.size());
            }
            // Mail that waited for long in the queue is to have its links for no shorter time.
            Instant soon = clock.instant().plus(Duration.ofDays(linking.days()).dividedBy(2));
            List<KeptAttachment> aging = attachments.stream()
                    .map(attachment -> noted(known, attachment))
                    .filter(there -> there.expires().isBefore(soon))
                    .toList();
            if (!aging.isEmpty()) {
                kept.stored(aging.stream().map(there -> there.until(expiry(linking))).toList());
            }
            Map<Integer, KeptAttachment> all = known(organization, message);
            return attachments.stream().map(attachment -> link(noted(all, attachment))).toList();
        } catch (QueueException e) {
            throw new LinksException("the queue does not say what is kept already: " + e.getMessage(), e);
        }
    }

    private Map<Integer, KeptAttachment> known(ResourceKey organization, String message) throws QueueException {
        Map<Integer, KeptAttachment> known = new HashMap<>();
        kept.of(organization, message).forEach(there -> known.put(there.part(), there));
        return known;
    }

    private static KeptAttachment noted(Map<Integer, KeptAttachment> known, Attachment attachment) {
        return Optional.ofNullable(known.get(attachment.part()))
                .orElseThrow(() -> new IllegalStateException("part " + attachment.part() + " was not noted"));
    }

    private void scan(String namespace, List<Attachment> attachments) throws LinksException, InfectedException {
        if (settings.scanner().isEmpty()) {
            return;
        }
        Clamd scanner = settings.scanner().get();
        try (var _ = scans.enter(namespace)) {
            long deadline = scanner.deadline();
            for (Attachment attachment : attachments) {
                Optional<String> found = scanner.scan(attachment.content(), deadline);
                if (found.isPresent()) {
                    throw new InfectedException(attachment.name(), found.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LinksException("the relay stops; attachments are scanned again after the next start", e);
        }
    }

    private void reserve(ResourceKey organization, String message, Linking linking, List<Attachment> attachments)
            throws QueueException, LinksException {
        if (attachments.isEmpty()) {
            return;
        }
        List<KeptAttachment> rows = new ArrayList<>();
        for (Attachment attachment : attachments) {
            byte[] octets = new byte[TOKEN_OCTETS];
            random.nextBytes(octets);
            String token = token(octets);
            rows.add(new KeptAttachment(organization, message, attachment.part(), Optional.of(token), Sha256.of(token),
                    linking.host(), attachment.name(), attachment.type(), attachment.size(), attachment.sha256(),
                    clock.instant(), expiry(linking), State.STORING));
        }
        switch (kept.reserve(rows, settings.organizationOctets(), settings.namespaceOctets())) {
            case ENOUGH -> {
            }
            case ORGANIZATION_FULL -> throw new LinksException(
                    ("the attachments that organization %s keeps for download would be more than %d octets "
                            + "(relay.links.organizationSize of the chart); older ones expire with time")
                            .formatted(organization, settings.organizationOctets()));
            case NAMESPACE_FULL -> throw new LinksException(
                    ("the attachments that namespace %s keeps for download would be more than %d octets (ten times "
                            + "relay.links.organizationSize of the chart); older ones expire with time")
                            .formatted(organization.namespace(), settings.namespaceOctets()));
        }
    }

    private static String token(byte[] octets) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(octets);
    }

    private static Link link(KeptAttachment attachment) {
        String token = attachment.token().orElseThrow(() -> new IllegalStateException("the message is not queued"));
        return new Link(url(attachment.host(), token, attachment.name()), attachment.name(), attachment.size(),
                attachment.expires());
    }

    private static String url(String host, String token, String name) {
        return "https://" + host + "/" + token + "/" + FileName.asPathSegment(name);
    }

    private static String key(KeptAttachment attachment) {
        return FormerOwner.nameBefore(attachment.organization()) + "/" + attachment.message() + "-" + attachment.part();
    }

    /** The attachment that a token asks for, if there is or was one; it may not be stored yet, or not any more. */
    Optional<KeptAttachment> find(String token) throws LinksException {
        try {
            return kept.find(Sha256.of(token));
        } catch (QueueException e) {
            throw new LinksException("the queue does not say what is kept: " + e.getMessage(), e);
        }
    }

    /** Whether it can be downloaded now. */
    boolean isOffered(KeptAttachment attachment) {
        return attachment.state() == State.STORED && attachment.expires().isAfter(clock.instant());
    }

    /** Whether it could be downloaded before. */
    boolean isExpired(KeptAttachment attachment) {
        return attachment.state() != State.STORING && !attachment.expires().isAfter(clock.instant());
    }

    InputStream read(KeptAttachment attachment, ByteRange range) throws LinksException {
        return store.read(key(attachment), range.offset(), range.length());
    }

    private void sweepAlways() {
        try {
            while (true) {
                try {
                    sweep();
                } catch (LinksException | QueueException | RuntimeException e) {
                    LOG.warn("expired attachments are removed later: {}", e.getMessage());
                }
                Thread.sleep(SWEEP);
            }
        } catch (InterruptedException e) {
            // That is how it is closed.
        }
    }

    /** Removes what has expired, and what was never stored to its end. */
    public void sweep() throws LinksException, QueueException {
        Instant now = clock.instant();
        List<KeptAttachment> old = kept.toBeRemoved(now, now.minus(BROKEN_OFF), REMOVED_AT_ONCE);
        while (!old.isEmpty()) {
            for (KeptAttachment attachment : old) {
                store.remove(key(attachment));
            }
            kept.removed(old);
            LOG.info("attachments={} removed, for they expired or were not needed", old.size());
            old = kept.toBeRemoved(now, now.minus(BROKEN_OFF), REMOVED_AT_ONCE);
        }
        kept.forget(now.minus(REMEMBERED));
    }

    @Override
    public void close() {
        sweeper.interrupt();
        store.close();
    }
}
