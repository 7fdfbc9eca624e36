package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Permits as rows of a table, one for each connection of a server; a replica's go with its lease. One that finds none
 * left asks the others by NOTIFY, and says how many it has itself, so that all come to have about as many.
 */
final class LeasedPermits implements ConnectionPermits {
    private static final Logger LOG = LoggerFactory.getLogger(LeasedPermits.class);
    private static final int TRIES = 5;
    static final String CHANNEL = "postrider_permit";
    private static final long ASKED_AGAIN_NANOS = 100_000_000;

    // A slot at random, so that several relays seldom want the same.
    private static final String TAKE = "INSERT INTO permit (server, slot, replica)"
            + " SELECT ?, slot, ? FROM generate_series(1, ?) AS slot"
            + " WHERE (SELECT count(*) FROM permit WHERE server = ?) < ?"
            + " AND slot NOT IN (SELECT p.slot FROM permit p WHERE p.server = ?) ORDER BY random() LIMIT 1"
            + " ON CONFLICT DO NOTHING RETURNING slot";

    private static final String COUNT = "SELECT count(*) FROM permit WHERE server = ?";

    private record Slot(ResourceKey server, int number, String replica) {}

    private final PostgresDatabase database;
    private final Replica replica;
    private final GivingBack<Slot> unfreed;
    private final DoubtfulTakes<Slot> takes;
    private final Set<Slot> known = ConcurrentHashMap.newKeySet();
    private final Map<ResourceKey, Integer> mine = new ConcurrentHashMap<>();
    private final Map<ResourceKey, Long> asked = new ConcurrentHashMap<>();
    private volatile Wanted wanted = (server, busyToo) -> {};

    LeasedPermits(PostgresDatabase database, Replica replica) {
        this.database = database;
        this.replica = replica;
        this.unfreed = new GivingBack<>(replica, this::free);
        this.takes = new DoubtfulTakes<>(replica, this::unknown, unfreed::add);
    }

    @Override
    public Optional<Permit> tryTake(ResourceKey server, int limit) {
        if (!replica.isValid() || !replica.isConnected()) {
            return Optional.empty();
        }
        String me = replica.id();
        try {
            for (int i = 0; i < TRIES; i++) {
                Optional<Slot> slot = takes.take(() -> {
                    // Only what is handed out is known: of the rest nobody would give anything back.
                    Optional<Slot> found = take(server, me, limit);
                    found.ifPresent(known::add);
                    return found;
                });
                if (slot.isPresent()) {
                    mine.merge(server, 1, Integer::sum);
                    return slot.map(Leased::new);
                }
                if (count(server) >= limit) {
                    ask(server, me);
                    return Optional.empty();
                }
            }
        } catch (QueueException e) {
            LOG.warn("no connection to {} may be opened now: {}", server, e.getMessage());
        }
        return Optional.empty();
    }

    private Optional<Slot> take(ResourceKey server, String me, int limit) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement insert = connection.prepareStatement(TAKE)) {
                insert.setString(1, server.toString());
                insert.setString(2, me);
                insert.setInt(3, limit);
                insert.setString(4, server.toString());
                insert.setInt(5, limit);
                insert.setString(6, server.toString());
                try (ResultSet rows = insert.executeQuery()) {
                    return rows.next() ? Optional.of(new Slot(server, rows.getInt(1), me)) : Optional.empty();
                }
            }
        });
    }

    @Override
    public int taken(ResourceKey server) {
        try {
            return count(server);
        } catch (QueueException e) {
            LOG.debug("how many connections to {} all relays have is not known: {}", server, e.getMessage());
            return held(server);
        }
    }

    private int count(ResourceKey server) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement(COUNT)) {
                query.setString(1, server.toString());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? rows.getInt(1) : 0;
                }
            }
        });
    }

    private void ask(ResourceKey server, String me) throws QueueException {
        long now = System.nanoTime();
        Long last = asked.get(server);
        if (last != null && now - last < ASKED_AGAIN_NANOS) {
            return;
        }
        asked.put(server, now);
        database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT pg_notify(?, ?)")) {
                statement.setString(1, CHANNEL);
                statement.setString(2, me + " " + server + " " + held(server));
                return statement.execute();
            }
        });
    }

    private int held(ResourceKey server) {
        return mine.getOrDefault(server, 0);
    }

    @Override
    public void onWanted(Wanted listener) {
        wanted = listener;
    }

    /** Another relay has asked. */
    void heard(String question) {
        String[] words = question.split(" ", -1);
        if (words.length != 3 || words[0].equals(replica.id())) {
            return;
        }
        ResourceKey server = ResourceKey.parse(words[1]);
        int theirs = Integer.parseInt(words[2]);
        int own = held(server);
        if (own > 0) {
            wanted.wanted(server, theirs == 0 || own > theirs + 1);
        }
    }

    private List<Slot> unknown() throws QueueException {
        String me = replica.id();
        return database.read(connection -> {
            List<Slot> found = new ArrayList<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT server, slot FROM permit WHERE replica = ?")) {
                query.setString(1, me);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.add(new Slot(ResourceKey.parse(rows.getString(1)), rows.getInt(2), me));
                    }
                }
            }
            found.removeAll(known);
            return found;
        });
    }

    private void free(Slot slot) throws QueueException {
        database.read(connection -> {
            try (PreparedStatement delete = connection
                    .prepareStatement("DELETE FROM permit WHERE server = ? AND slot = ? AND replica = ?")) {
                delete.setString(1, slot.server.toString());
                delete.setInt(2, slot.number);
                delete.setString(3, slot.replica);
                return delete.executeUpdate();
            }
        });
    }

    private final class Leased implements Permit {
        private final Slot slot;
        private final AtomicBoolean open = new AtomicBoolean(true);

        Leased(Slot slot) {
            this.slot = slot;
        }

        @Override
        public boolean isHeld() {
            return open.get() && replica.holds(slot.replica);
        }

        @Override
        public void close() {
            if (open.getAndSet(false)) {
                mine.computeIfPresent(slot.server, (key, count) -> count == 1 ? null : count - 1);
                known.remove(slot);
                unfreed.add(slot);
            }
        }
    }
}
