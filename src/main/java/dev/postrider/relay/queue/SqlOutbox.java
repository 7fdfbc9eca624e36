package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The outbox in a table of the queue's database. */
final class SqlOutbox implements Outbox {
    private final Database database;
    private final GroupCommit writer;

    SqlOutbox(Database database, GroupCommit writer) {
        this.database = database;
        this.writer = writer;
    }

    @Override
    public Map<ResourceKey, Instant> schedule() throws QueueException {
        return database.read(connection -> {
            Map<ResourceKey, Instant> schedule = new TreeMap<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT organization, min(next_attempt) FROM event GROUP BY organization");
                    ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    schedule.put(ResourceKey.parse(rows.getString(1)), Instant.ofEpochMilli(rows.getLong(2)));
                }
            }
            return schedule;
        });
    }

    @Override
    public List<Waiting> due(ResourceKey organization, Instant now, int most) throws QueueException {
        return database.read(connection -> {
            List<Waiting> due = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement("SELECT id, content, attempts FROM event"
                    + " WHERE organization = ? AND next_attempt <= ? ORDER BY id LIMIT ?")) {
                query.setString(1, organization.toString());
                query.setLong(2, now.toEpochMilli());
                query.setInt(3, most);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        due.add(new Waiting(organization, rows.getString(1), rows.getString(2), rows.getInt(3)));
                    }
                }
            }
            return due;
        });
    }

    @Override
    public void done(Waiting event) throws QueueException {
        writer.execute(writes -> writes.deleteEvent(event.organization(), event.id()));
    }

    @Override
    public void defer(Waiting event, Instant next) throws QueueException {
        writer.execute(writes -> writes.deferEvent(event.organization(), event.id(), event.attempts() + 1, next));
    }
}
