package dev.postrider.operator.installation;

import dev.postrider.plan.World;
import dev.postrider.route.ResourceKey;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who is to be planned anew when something changes: whoever looked at it in his last plan. What a plan looks at is noted
 * before it gets the answer, so that no change falls in between. Safe for many threads.
 */
public final class Dependencies {
    /** How soon what no watch tells of is looked at again, while it is new and at the most. */
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration SELDOM = Duration.ofMinutes(1);

    private final Supplier<World> world;
    private final Map<Read, Readers> readers = new HashMap<>();
    private final Map<Reader, Looked> plans = new HashMap<>();

    /** @param world as it is now */
    Dependencies(Supplier<World> world) {
        this.world = world;
    }

    /**
     * A resource that is planned.
     *
     * @param key  of the resource
     * @param wake plans for a resource of its kind
     */
    public record Reader(Kind kind, ResourceKey key, Consumer<ResourceID> wake) {
        /** What is planned. */
        public enum Kind {
            MAIL_SERVER, ORGANIZATION, LICENSE_NOTICE
        }

        boolean isServer() {
            return kind == Kind.MAIL_SERVER;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Reader reader && kind == reader.kind && key.equals(reader.key);
        }

        @Override
        public int hashCode() {
            return Objects.hash(kind, key);
        }
    }

    /** Who looked at something, and the shared answer that they got, as it was last known. */
    private static final class Readers {
        private final Read read;
        private final Set<Reader> all = new CompactSet<>();
        private Optional<Object> answer = Optional.empty();

        Readers(Read read) {
            this.read = read;
        }
    }

    /** What the plans of a resource looked at, that which is being made included. */
    private static final class Looked {
        private final Reader reader;
        private final Set<Read> reads = new CompactSet<>();
        /** Of the last plan, that of which no watch tells, and since when it is so. */
        private Set<Read> unwatched = Set.of();
        private Instant since = Instant.MIN;
        private Set<Read> servers = Set.of();

        Looked(Reader reader) {
            this.reader = reader;
        }
    }

    /** Notes that somebody is about to look at something. */
    synchronized void add(Reader reader, Read read) {
        // Both are kept as they came first, and not once for each plan.
        Readers readersOfIt = readers.computeIfAbsent(read, Readers::new);
        Looked looked = plans.computeIfAbsent(reader, Looked::new);
        readersOfIt.all.add(looked.reader);
        looked.reads.add(readersOfIt.read);
    }

    /** Notes what the answer was, where it is shared and none is known. */
    synchronized void answered(Read read, Object answer) {
        Readers known = readers.get(read);
        if (known != null && known.answer.isEmpty()) {
            known.answer = Optional.of(answer);
        }
    }

    /**
     * Notes all that a plan has looked at; what an earlier one did counts no more.
     *
     * @param unwatched that of it of which no watch tells
     * @return how soon to look at that again, if there is any
     */
    Optional<Duration> planned(Reader reader, Set<Read> reads, Set<Read> unwatched, Instant now) {
        Set<Read> servers = reads.stream()
                .filter(read -> read instanceof Read.Server || read instanceof Read.GlobalServers)
                .collect(Collectors.toUnmodifiableSet());
        boolean others;
        Duration age;
        synchronized (this) {
            Looked looked = plans.computeIfAbsent(reader, Looked::new);
            looked.reads.removeIf(read -> !reads.contains(read) && remove(reader, read));
            others = !servers.equals(looked.servers);
            looked.servers = others ? servers : looked.servers;
            looked.since = unwatched.equals(looked.unwatched) ? looked.since : now;
            looked.unwatched = Set.copyOf(unwatched);
            age = Duration.between(looked.since, now);
        }
        if (others) {
            changed(new Read.Users());
        }
        return unwatched.isEmpty()
                ? Optional.empty()
                : Optional.of(age.compareTo(SOON) < 0 ? SOON : age.compareTo(SELDOM) > 0 ? SELDOM : age);
    }

    /** Forgets a resource that is gone. */
    public void forget(Reader reader) {
        synchronized (this) {
            Looked looked = plans.remove(reader);
            if (looked == null) {
                return;
            }
            looked.reads.forEach(read -> remove(reader, read));
        }
        changed(new Read.Users());
    }

    private boolean remove(Reader reader, Read read) {
        Readers known = readers.get(read);
        if (known != null && known.all.remove(reader) && known.all.isEmpty()) {
            readers.remove(read);
        }
        return true;
    }

    /** Wakes those to whom a MailServer is another one now, or its route. */
    public void serverChanged(ResourceKey server) {
        changed(new Read.Server(server), new Read.GlobalServers(), new Read.TestTime(server), new Read.Route(server));
    }

    /** Wakes those that looked at any of these, where they may get another answer now. */
    public void changed(Read... reads) {
        List<Reader> woken = new ArrayList<>();
        synchronized (this) {
            if (Stream.of(reads).noneMatch(readers::containsKey)) {
                // While the operator starts, caches tell of what they hold before all that a world is made of is there.
                return;
            }
            World now = world.get();
            for (Read read : reads) {
                Readers known = readers.get(read);
                if (known != null && isNews(read, known, now)) {
                    woken.addAll(known.all);
                }
            }
        }
        woken.stream().distinct().forEach(r -> r.wake().accept(new ResourceID(r.key().name(), r.key().namespace())));
    }

    private static boolean isNews(Read read, Readers known, World now) {
        Optional<Object> answer = read.shared(now);
        boolean news = answer.isEmpty() || !answer.equals(known.answer);
        known.answer = answer;
        return news;
    }

    /** How many reads of resources there are, for tests. */
    synchronized int size() {
        return readers.values().stream().mapToInt(known -> known.all.size()).sum();
    }
}
