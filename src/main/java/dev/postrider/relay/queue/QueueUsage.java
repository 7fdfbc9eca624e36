package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Counts what is queued, and keeps it within the limits and within what each namespace has a share of. Safe for many
 * threads; the lock is held for some additions.
 */
final class QueueUsage {
    private static final int REPORTS = 4;
    /** What a report says beside what it returns. */
    private static final long REPORT_TEXT = 2048;

    private Supplier<QueueLimits> limits;
    private final Map<ResourceKey, Held> organizations = new HashMap<>();
    private final Map<String, Held> namespaces = new HashMap<>();
    private final Shares messages = new Shares();
    private final Shares room = new Shares();
    private Held total = Held.NOTHING;
    private Map<String, Integer> known = Map.of();

    QueueUsage(QueueLimits limits) {
        this.limits = () -> limits;
        share(limits.total().octets());
    }

    /** Limits anew. The room is shared by that when it is measured next. */
    synchronized void limit(Supplier<QueueLimits> now) {
        limits = now;
    }

    synchronized Usage total() {
        return total.usage();
    }

    synchronized Map<ResourceKey, Usage> all() {
        Map<ResourceKey, Usage> all = new HashMap<>();
        organizations.forEach((organization, held) -> {
            if (!held.usage().equals(Usage.NONE)) {
                all.put(organization, held.usage());
            }
        });
        return Map.copyOf(all);
    }

    synchronized Usage of(ResourceKey organization) {
        return held(organization).usage();
    }

    /** Octets that may be queued, rows and messages that are coming in included. */
    synchronized long room() {
        return room.capacity();
    }

    /** Octets of these that are taken. */
    synchronized long taken() {
        return room.held();
    }

    private Held held(ResourceKey organization) {
        return organizations.getOrDefault(organization, Held.NOTHING);
    }

    /**
     * Shares anew.
     *
     * @param free   octets that there is room for on the disk, beside what is queued; empty if only the limits are known
     * @param known  how many organizations each namespace of the installation has
     */
    synchronized void measured(OptionalLong free, Map<String, Integer> known) {
        this.known = known;
        share(free.isPresent()
                ? Math.min(limits.get().total().octets(), total.stored() + free.getAsLong())
                : limits.get().total().octets());
    }

    private void share(long octets) {
        Set<String> members = new HashSet<>(known.keySet());
        members.addAll(namespaces.keySet());
        messages.begin(limits.get().total().messages(), Math.max(1, members.size()));
        room.begin(octets, Math.max(1, members.size()));
        for (Held held : namespaces.values()) {
            messages.change(0, held.messages());
            room.change(0, held.room());
        }
    }

    /**
     * Begins anew with what was counted, but for what is coming in. What is added meanwhile may be missed.
     *
     * @param recipients of each organization
     */
    synchronized void replace(Map<ResourceKey, Usage> counted, Map<ResourceKey, Long> recipients) {
        Set<ResourceKey> all = new HashSet<>(organizations.keySet());
        all.addAll(counted.keySet());
        for (ResourceKey organization : all) {
            Held before = held(organization);
            Usage usage = counted.getOrDefault(organization, Usage.NONE);
            var now = new Held(usage.messages(), usage.octets(), recipients.getOrDefault(organization, 0L),
                    before.coming(), before.written());
            change(organization, now.minus(before));
        }
    }

    /** Adds to what is queued. */
    void add(ResourceKey organization, Held more) {
        change(organization, more);
    }

    /** Takes away from what is queued. */
    void remove(ResourceKey organization, Held less) {
        change(organization, Held.NOTHING.minus(less));
    }

    /** What a former owner of a name left counts where it did before: it must not make room for more. */
    private static String namespaceOf(ResourceKey organization) {
        return FormerOwner.nameBefore(organization).namespace();
    }

    private synchronized void change(ResourceKey organization, Held more) {
        total = total.plus(more);
        put(organizations, organization, held(organization).plus(more));
        Held before = namespaces.getOrDefault(namespaceOf(organization), Held.NOTHING);
        Held now = before.plus(more);
        put(namespaces, namespaceOf(organization), now);
        messages.change(before.messages(), now.messages());
        room.change(before.room(), now.room());
    }

    private static <K> void put(Map<K, Held> map, K key, Held held) {
        if (held.equals(Held.NOTHING)) {
            map.remove(key);
        } else {
            map.put(key, held);
        }
    }

    /**
     * Adds to what is queued or coming in, if it may be added.
     *
     * @param less what it is in place of
     * @throws QueueException.OverLimit if it may not; then nothing is changed
     * @throws QueueException.Full      likewise, for want of room that is nobody's fault
     */
    synchronized void reserve(ResourceKey organization, Held more, Held less) throws QueueException {
        Held change = more.minus(less);
        check(organization, change);
        change(organization, change);
    }

    /**
     * Adds a report of the relay itself, which may go beyond the namespace's share by a quarter, or be little larger than
     * what it is about and takes the place of; says whether it was added. Reports return mail: without a bound, a message
     * to many would come back for each of them.
     *
     * @param freed what is removed together with it
     */
    synchronized boolean reserveReport(ResourceKey organization, Held report, Held freed) {
        Held before = namespaces.getOrDefault(namespaceOf(organization), Held.NOTHING);
        long share = room.share(before.room());
        boolean fits = before.room() + report.room() <= share + share / REPORTS && room.hasRoomFor(report.room())
                || report.room() <= freed.room() + REPORT_TEXT;
        if (fits) {
            change(organization, report);
        }
        return fits;
    }

    /**
     * Checks what is queued and this much more against the limits and shares.
     *
     * @throws QueueException.OverLimit if it is too much for the organization or its namespace
     * @throws QueueException.Full      if there is no room for it
     */
    synchronized void check(ResourceKey organization, Held more) throws QueueException {
        checkLimit("the queue", total.plus(more), limits.get().total());
        Held of = held(organization).plus(more);
        checkLimit("the queue of organization " + organization, of, limits.get().organization());
        String namespace = namespaceOf(organization);
        Held before = namespaces.getOrDefault(namespace, Held.NOTHING);
        Held after = before.plus(more);
        checkShare(organization, room.share(before.room()), after.room(), of.room(), "MiB", 1 << 20);
        checkShare(organization, messages.share(before.messages()), after.messages(), of.messages(), "messages", 1);
        if (!room.hasRoomFor(more.room())) {
            throw new QueueException.Full("the queue has " + room.held() + " octets, and there is room for "
                    + room.capacity());
        }
    }

    /** An organization that is not alone in its namespace leaves as much to the others as it has. */
    private void checkShare(ResourceKey organization, long share, long ofNamespace, long ofOrganization, String unit,
            long one) throws QueueException.OverLimit {
        if (ofNamespace > share) {
            throw new QueueException.OverLimit("the queued mail of namespace %s fills its share of the queue (%d %s)"
                    .formatted(namespaceOf(organization), share / one, unit));
        }
        long others = ofNamespace - ofOrganization;
        boolean alone = others == 0 && known.getOrDefault(namespaceOf(organization), 1) <= 1;
        if (!alone && ofOrganization > (share - others) / 2) {
            throw new QueueException.OverLimit("the queued mail of organization %s fills its share of the queue (%d %s)"
                    .formatted(organization, (share - others) / 2 / one, unit));
        }
    }

    private static void checkLimit(String what, Held held, Usage limit) throws QueueException.OverLimit {
        if (held.messages() > limit.messages()) {
            throw new QueueException.OverLimit(what + " has its limit of " + limit.messages() + " messages");
        }
        if (held.octets() + held.coming() > limit.octets()) {
            throw new QueueException.OverLimit(what + " has its limit of " + limit.octets() + " octets");
        }
    }
}
