package dev.postrider.operator.installation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.api.PostriderApi;
import dev.postrider.plan.NamespaceBounds;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How many octets the resources of each namespace take, and which are beyond its bound: those declared first count. A
 * resource takes its own, as JSON and without its status, or those of its route if these are more; a bundle of
 * authorities counts once, for the first that names it. Each is measured once for each of its versions. Safe for many
 * threads.
 */
public final class NamespaceOctets {
    private static final JsonMapper JSON = JsonMapper.builder()
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL,
                    JsonInclude.Include.NON_NULL))
            .build();

    private final long most;
    private final Function<String, Stream<Measured>> declared;
    private final ToLongFunction<String> bundle;
    private final Map<String, Namespace> namespaces = new ConcurrentHashMap<>();

    /**
     * A resource, and what the relay has of it.
     *
     * @param route its Secret, if it has one
     */
    record Measured(CustomResource<?, ?> resource, Optional<Secret> route) {}

    /** Which resource of a namespace. */
    private record Name(String kind, String name) {
        static Name of(HasMetadata resource) {
            return new Name(resource.getKind(), resource.getMetadata().getName());
        }
    }

    /** In which order they were declared; of one moment by their kinds and names. */
    private record Place(String created, String kind, String name) implements Comparable<Place> {
        private static final Comparator<Place> ORDER = Comparator.comparing(Place::created)
                .thenComparing(Place::kind)
                .thenComparing(Place::name);

        static Place of(HasMetadata resource) {
            ObjectMeta metadata = resource.getMetadata();
            return new Place(Objects.requireNonNullElse(metadata.getCreationTimestamp(), ""), resource.getKind(),
                    metadata.getName());
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    /**
     * What one takes.
     *
     * @param version    the version that it was measured of
     * @param routed     the version of its route that was; empty if it had none
     * @param uid        of the resource
     * @param generation of the resource
     * @param own        its octets
     * @param route      those of its route; where that was taken away, what it had, so that it does not come back at once
     * @param bundles    octets of those that the route names, by digest
     */
    private record Taken(String version, String routed, String uid, long generation, long own, long route,
            Map<String, Long> bundles) {
        long octets() {
            return Math.max(own, route);
        }

        /** With all bundles, as if no other had named them. */
        long atMost() {
            return octets() + bundles.values().stream().mapToLong(each -> each).sum();
        }
    }

    private static final class Namespace {
        private final TreeMap<Place, Taken> taken = new TreeMap<>();
        private final Map<Name, Place> places = new HashMap<>();
        private @Nullable Place beyond;
        /** What they take if no two name the same bundle: within the bound, there is nothing to look for. */
        private long atMost;

        void put(Place place, Taken now) {
            remove(place);
            taken.put(place, now);
            atMost += now.atMost();
        }

        boolean remove(Place place) {
            Taken before = taken.remove(place);
            atMost -= before == null ? 0 : before.atMost();
            return before != null;
        }
    }

    /**
     * Of an installation.
     *
     * @param most     octets of a namespace
     * @param declared all that a namespace has, when it is first asked for
     * @param bundle   octets of the bundle with a digest
     */
    NamespaceOctets(long most, Function<String, Stream<Measured>> declared, ToLongFunction<String> bundle) {
        this.most = most;
        this.declared = declared;
        this.bundle = bundle;
    }

    /**
     * Notes a resource as it is now.
     *
     * @return whether others of its namespace are beyond the bound now, or no longer
     */
    boolean note(CustomResource<?, ?> resource, Optional<Secret> route) {
        return change(resource, namespace -> put(namespace, new Measured(resource, route)));
    }

    /** Forgets one that is gone; as {@link #note}. */
    boolean forget(HasMetadata resource) {
        return change(resource, namespace -> {
            Place place = namespace.places.remove(Name.of(resource));
            return place != null && namespace.remove(place);
        });
    }

    /** The bound, if a resource that was noted is beyond it. */
    OptionalLong passed(HasMetadata resource) {
        Namespace namespace = namespaces.get(resource.getMetadata().getNamespace());
        if (namespace == null) {
            return OptionalLong.empty();
        }
        synchronized (namespace) {
            return namespace.beyond != null && Place.of(resource).compareTo(namespace.beyond) >= 0
                    ? OptionalLong.of(most)
                    : OptionalLong.empty();
        }
    }

    /** Whether a resource that was noted loses its route: it is beyond the bound, and what it has is large. */
    boolean withdraws(HasMetadata resource, Optional<Secret> route) {
        return route.isPresent() && passed(resource).isPresent()
                && octets(route.get())
                        + bundles(route.get()).values().stream().mapToLong(each -> each).sum() > NamespaceBounds.KEPT;
    }

    private boolean change(HasMetadata resource, Function<Namespace, Boolean> change) {
        boolean[] moved = {false};
        namespaces.compute(resource.getMetadata().getNamespace(), (name, known) -> {
            Namespace namespace = known == null ? new Namespace() : known;
            synchronized (namespace) {
                if (known == null) {
                    declared.apply(name).forEach(each -> put(namespace, each));
                }
                if (change.apply(namespace) || known == null) {
                    Place before = namespace.beyond;
                    namespace.beyond = namespace.atMost <= most ? null : firstBeyond(namespace);
                    moved[0] = !Objects.equals(before, namespace.beyond);
                }
            }
            return namespace.taken.isEmpty() ? null : namespace;
        });
        return moved[0];
    }

    /** Whether that is other than it was. */
    private boolean put(Namespace namespace, Measured measured) {
        CustomResource<?, ?> resource = measured.resource();
        Place place = Place.of(resource);
        Place former = namespace.places.put(Name.of(resource), place);
        boolean moved = former != null && !former.equals(place) && namespace.remove(former);
        Taken before = namespace.taken.get(place);
        String version = Objects.requireNonNullElse(resource.getMetadata().getResourceVersion(), "");
        String routed = measured.route().map(route -> route.getMetadata().getResourceVersion()).orElse("");
        if (before != null && before.version.equals(version) && before.routed.equals(routed)) {
            return moved;
        }
        String uid = Objects.requireNonNullElse(resource.getMetadata().getUid(), "");
        long generation = Objects.requireNonNullElse(resource.getMetadata().getGeneration(), 0L);
        long own = before != null && before.version.equals(version) ? before.own : own(resource);
        boolean sameSpec = before != null && before.uid.equals(uid) && before.generation == generation;
        Taken now = measured.route()
                .map(route -> new Taken(version, routed, uid, generation, own, octets(route), bundles(route)))
                .orElseGet(() -> before != null && sameSpec
                        ? new Taken(version, routed, uid, generation, own, before.route, before.bundles)
                        : new Taken(version, routed, uid, generation, own, 0, Map.of()));
        namespace.put(place, now);
        return moved || before == null || before.octets() != now.octets() || !before.bundles.equals(now.bundles);
    }

    private static long octets(Secret route) {
        return Caches.entry(route, RouteSecret.DATA_KEY).map(json -> (long) json.length()).orElse(0L);
    }

    private Map<String, Long> bundles(Secret route) {
        return AuthoritySecrets.named(route)
                .stream()
                .collect(Collectors.toUnmodifiableMap(digest -> digest, bundle::applyAsLong));
    }

    private @Nullable Place firstBeyond(Namespace namespace) {
        long sum = 0;
        Set<String> counted = new HashSet<>();
        for (Map.Entry<Place, Taken> each : namespace.taken.entrySet()) {
            sum += each.getValue().octets();
            for (Map.Entry<String, Long> named : each.getValue().bundles.entrySet()) {
                sum += counted.add(named.getKey()) ? named.getValue() : 0;
            }
            if (sum > most) {
                return each.getKey();
            }
        }
        return null;
    }

    /** What people declare: not the status, nor what the operator adds, so that what it says of the bound changes nothing. */
    private static long own(CustomResource<?, ?> resource) {
        ObjectMeta metadata = resource.getMetadata();
        List<String> finalizers = metadata.getFinalizers()
                .stream()
                .filter(name -> !name.equals(PostriderApi.FINALIZER))
                .toList();
        return Stream.of(resource.getSpec(), metadata.getLabels(), metadata.getAnnotations(),
                metadata.getOwnerReferences(), finalizers).filter(Objects::nonNull).mapToLong(each -> {
                    var counted = new Counted();
                    try {
                        JSON.writeValue(counted, each);
                    } catch (IOException e) {
                        throw new UncheckedIOException("a resource that was read has no JSON form", e);
                    }
                    return counted.octets;
                }).sum();
    }

    /** What is written is counted alone. */
    private static final class Counted extends OutputStream {
        private long octets;

        @Override
        public void write(int octet) {
            octets++;
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            octets += length;
        }
    }
}
