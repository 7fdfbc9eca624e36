package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The outbox in a table of the queue's database. One of several relays writes its name to what it holds; that goes with
 * its lease. What stands under its name without its knowledge, since an answer of the database was lost, it finds when
 * it asks again.
 */
final class SqlOutbox implements Outbox {
    private static final String FREE = " (claimed_by IS NULL OR claimed_by = ?)";

    private static final String DUE = "SELECT id, content, attempts FROM event"
            + " WHERE organization = ? AND next_attempt <= ? AND" + FREE + " ORDER BY id LIMIT ?";

    private static final String TAKE = "WITH due AS MATERIALIZED (SELECT organization, id FROM event"
            + " WHERE organization = ? AND next_attempt <= ? AND" + FREE
            + " ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED)"
            + " UPDATE event e SET claimed_by = ? FROM due WHERE e.organization = due.organization AND e.id = due.id"
            + " RETURNING e.id, e.content, e.attempts";

    private final Database database;
    private final GroupCommit writer;
    private final Optional<Replica> replica;

    /** @param replica this relay among several, if there may be others */
    SqlOutbox(Database database, GroupCommit writer, Optional<Replica> replica) {
        this.database = database;
        this.writer = writer;
        this.replica = replica;
    }

    private String me() {
        return replica.map(Replica::id).orElse("");
    }

    @Override
    public Map<ResourceKey, Scheduled> schedule() throws QueueException {
        return database.read(connection -> {
            Map<ResourceKey, Scheduled> schedule = new TreeMap<>();
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT organization, min(next_attempt), count(*) FROM event WHERE" + FREE
                            + " GROUP BY organization")) {
                query.setString(1, me());
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        schedule.put(ResourceKey.parse(rows.getString(1)),
                                new Scheduled(Instant.ofEpochMilli(rows.getLong(2)), rows.getInt(3)));
                    }
                }
            }
            return schedule;
        });
    }

    @Override
    public List<Waiting> due(ResourceKey organization, Instant now, int most) throws QueueException {
        if (replica.isPresent() && !replica.get().isValid()) {
            return List.of();
        }
        String me = me();
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement(replica.isPresent() ? TAKE : DUE)) {
                query.setString(1, organization.toString());
                query.setLong(2, now.toEpochMilli());
                query.setString(3, me);
                query.setInt(4, most);
                if (replica.isPresent()) {
                    query.setString(5, me);
                }
                return read(query, organization, me);
            }
        });
    }

    private static List<Waiting> read(PreparedStatement query, ResourceKey organization, String me)
            throws SQLException {
        List<Waiting> due = new ArrayList<>();
        try (ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                due.add(new Waiting(organization, rows.getString(1), rows.getString(2), rows.getInt(3), me));
            }
        }
        due.sort(Comparator.comparing(Waiting::id));
        return due;
    }

    @Override
    public boolean holds(Waiting event) {
        return replica.isEmpty() || replica.get().holds(event.holder());
    }

    @Override
    public void dropOldest(ResourceKey organization, int events) throws QueueException {
        writer.execute(writes -> writes.deleteOldestEvents(organization, events));
    }

    @Override
    public void done(Waiting event) throws QueueException {
        writer.execute(writes -> writes.deleteEvent(event.organization(), event.id()));
    }

    @Override
    public void defer(Waiting event, Instant next) throws QueueException {
        writer.execute(writes -> writes.deferEvent(event, next));
    }
}
