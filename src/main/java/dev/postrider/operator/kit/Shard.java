package dev.postrider.operator.kit;

import dev.postrider.route.Sha256;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One of the operators that an installation's namespaces are spread over. Each namespace is of exactly one of them, and
 * everything in it with it.
 *
 * <p>Which one, is told by its name alone: by the first 64 bits of its SHA-256, which are evenly spread whatever people
 * call their namespaces, and by the jump consistent hash of those (Lamping and Veach, "A Fast, Minimal Memory, Consistent
 * Hash Algorithm", arXiv:1406.2294), as kube-state-metrics does it with the UIDs of objects. Where there are N shards in
 * place of N - 1, one namespace in N moves, and always to the new one; the others stay where they were. The remainder of
 * a division would move nearly all.
 *
 * @param index which one, from 0; the first does what is done once for an installation, too
 * @param count of how many, 1 to {@value #MOST}
 */
public record Shard(int index, int count) {
    /** How many there may be: the chart's Role names the lease of each. */
    public static final int MOST = 16;

    /** Of an installation that has no others. */
    public static final Shard ONLY = new Shard(0, 1);

    /**
     * Annotation of a Lease: of how many shards its holder is one, and which transition of the lease made it the
     * holder, as in {@code 3 at transition 7}. An earlier version, which has no shards, lets the annotations of whoever
     * was before it stand, but counts {@code leaseTransitions} on, as every elector does when the holder is another. So
     * with another transition the annotation is somebody else's; the name of the holder would not tell that of a lease
     * that was given back.
     */
    private static final String ANNOTATION = "postrider.dev/shards";

    private static final String LEASE = "postrider-operator";
    private static final String NUMBER = "[1-9][0-9]?";
    private static final Pattern LEASES = Pattern.compile(LEASE + "(-(?<index>" + NUMBER + "))?");
    private static final Pattern COUNT = Pattern.compile("(?<count>\\S+) at transition (?<transition>\\d+)");

    /** @throws IllegalArgumentException if there is no such shard */
    public Shard {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(
                    "%d shards are not possible: use a number from 1 to %d".formatted(count, MOST));
        }
        if (index < 0 || index >= count) {
            throw new IllegalArgumentException(
                    "there is no shard %d of %d: use a number from 0 to %d".formatted(index, count, count - 1));
        }
    }

    /** Whether what is in a namespace is this shard's to reconcile. */
    public boolean holds(String namespace) {
        return count == 1 || of(namespace, count) == index;
    }

    /** Whether a resource is this shard's to reconcile. */
    public boolean holds(HasMetadata resource) {
        return holds(resource.getMetadata().getNamespace());
    }

    /** Those of these resources that are this shard's to reconcile. */
    public Set<ResourceID> held(Set<ResourceID> resources) {
        return resources.stream()
                .filter(resource -> holds(resource.getNamespace().orElse("")))
                .collect(Collectors.toSet());
    }

    /** Which of so many shards holds a namespace. */
    public static Shard holding(String namespace, int count) {
        return new Shard(of(namespace, count), count);
    }

    /** The index of that one. */
    static int of(String namespace, int count) {
        return jump(Long.parseUnsignedLong(Sha256.of(namespace).substring(0, 16), 16), count);
    }

    /** The algorithm of the article's figure 1. */
    private static int jump(long key, int buckets) {
        long state = key;
        long bucket = -1;
        long next = 0;
        while (next < buckets) {
            bucket = next;
            state = state * 2862933555777941757L + 1;
            next = (long) ((bucket + 1) * (0x1.0p31 / ((state >>> 33) + 1)));
        }
        return (int) bucket;
    }

    /** Whether this one does what is done once for an installation. */
    public boolean isFirst() {
        return index == 0;
    }

    /** The name of its Lease. */
    public String lease() {
        return isFirst() ? LEASE : LEASE + "-" + index;
    }

    /**
     * The annotations of its Lease.
     *
     * @param transition the {@code leaseTransitions} with which it has the lease
     */
    public Map<String, String> annotations(int transition) {
        return Map.of(ANNOTATION, "%d at transition %d".formatted(count, transition));
    }

    /**
     * What the annotation says, "" if it cannot be read.
     *
     * @return empty where it is missing, or of somebody who had the lease before
     */
    private static Optional<String> count(Lease lease) {
        Optional<String> annotation = Optional.ofNullable(lease.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(ANNOTATION));
        int transition = Optional.ofNullable(lease.getSpec()).map(LeaseSpec::getLeaseTransitions).orElse(0);
        return annotation.flatMap(text -> {
            Matcher count = COUNT.matcher(text);
            if (!count.matches()) {
                return Optional.of("");
            }
            return count.group("transition").equals(String.valueOf(transition))
                    ? Optional.of(count.group("count"))
                    : Optional.empty();
        });
    }

    /** Whether the last holder of a Lease was of a version that has no shards; such a one has all namespaces. */
    static boolean isOfEarlierVersion(Lease lease) {
        return count(lease).isEmpty();
    }

    /**
     * Whose Lease that is, or was.
     *
     * @return empty if it is not one of these, or tells nothing that can be read
     */
    static Optional<Shard> of(Lease lease) {
        Matcher name = LEASES.matcher(lease.getMetadata().getName());
        String count = count(lease).orElse("1");
        if (!name.matches() || !count.matches(NUMBER)) {
            return Optional.empty();
        }
        int index = name.group("index") == null ? 0 : Integer.parseInt(name.group("index"));
        int of = Integer.parseInt(count);
        return index < of && of <= MOST ? Optional.of(new Shard(index, of)) : Optional.empty();
    }

    /** Whether a Lease is one of the operator's by its name, whatever else is in it. */
    static boolean isLease(Lease lease) {
        return LEASES.matcher(lease.getMetadata().getName()).matches();
    }

    /**
     * Whether there may be a namespace that both hold, while operators of two numbers of shards are there. Of these the
     * ones that only the larger number has, got their namespaces from all of the others; a namespace of any other stays
     * with the shard of that index, and thereby with its lease, which one of them has at a time.
     */
    boolean mayShareWith(Shard other) {
        return count > other.count ? index >= other.count : other.count > count && other.index >= count;
    }

    @Override
    public String toString() {
        return "shard %d of %d".formatted(index, count);
    }
}
