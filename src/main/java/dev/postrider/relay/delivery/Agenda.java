package dev.postrider.relay.delivery;

import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Who is to be looked at when. Not safe for threads. */
final class Agenda {
    private record Entry(Instant time, ResourceKey key) {}

    private final Map<ResourceKey, Instant> times = new HashMap<>();
    private final TreeSet<Entry> entries = new TreeSet<>(
            Comparator.comparing(Entry::time).thenComparing(Entry::key));

    /** Notes a time, unless an earlier one is noted. */
    void put(ResourceKey key, Instant time) {
        Instant noted = times.get(key);
        if (noted == null || time.isBefore(noted)) {
            remove(key);
            times.put(key, time);
            entries.add(new Entry(time, key));
        }
    }

    void remove(ResourceKey key) {
        Instant noted = times.remove(key);
        if (noted != null) {
            entries.remove(new Entry(noted, key));
        }
    }

    /** Takes out those whose time has come. */
    List<ResourceKey> takeDue(Instant now) {
        List<ResourceKey> due = new ArrayList<>();
        while (!entries.isEmpty() && !entries.first().time.isAfter(now)) {
            due.add(entries.first().key);
            remove(entries.first().key);
        }
        return due;
    }

    /** The earliest time. */
    Optional<Instant> next() {
        return entries.isEmpty() ? Optional.empty() : Optional.of(entries.first().time);
    }
}
