package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Permits as rows of a table, one for each connection of a server; a replica's go with its lease. */
final class LeasedPermits implements ConnectionPermits {
    private static final Logger LOG = LoggerFactory.getLogger(LeasedPermits.class);
    private static final int TRIES = 5;

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

    LeasedPermits(PostgresDatabase database, Replica replica) {
        this.database = database;
        this.replica = replica;
        this.unfreed = new GivingBack<>(replica, this::free);
    }

    @Override
    public Optional<Permit> tryTake(ResourceKey server, int limit) {
        if (!replica.isValid() || !replica.isConnected()) {
            return Optional.empty();
        }
        String me = replica.id();
        try {
            for (int i = 0; i < TRIES; i++) {
                Optional<Integer> slot = take(server, me, limit);
                if (slot.isPresent()) {
                    return Optional.of(new Leased(new Slot(server, slot.get(), me)));
                }
                if (taken(server) >= limit) {
                    return Optional.empty();
                }
            }
        } catch (QueueException e) {
            LOG.warn("no connection to {} may be opened now: {}", server, e.getMessage());
        }
        return Optional.empty();
    }

    private Optional<Integer> take(ResourceKey server, String me, int limit) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement insert = connection.prepareStatement(TAKE)) {
                insert.setString(1, server.toString());
                insert.setString(2, me);
                insert.setInt(3, limit);
                insert.setString(4, server.toString());
                insert.setInt(5, limit);
                insert.setString(6, server.toString());
                try (ResultSet rows = insert.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getInt(1)) : Optional.empty();
                }
            }
        });
    }

    private int taken(ResourceKey server) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement(COUNT)) {
                query.setString(1, server.toString());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? rows.getInt(1) : 0;
                }
            }
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
                unfreed.add(slot);
            }
        }
    }
}
