package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Marks in a database that several relays share: two short statements for each attempt of a large message. */
final class LeasedAttemptMarks implements AttemptMarks {
    /** What is marked with another name was being tried when that relay was lost: only one relay has a message. */
    private static final String BEGIN = "INSERT INTO attempt AS a (organization, message, replica, failures)"
            + " VALUES (?, ?, ?, 0) ON CONFLICT (organization, message) DO UPDATE SET"
            + " failures = a.failures + CASE WHEN a.replica <> EXCLUDED.replica THEN 1 ELSE 0 END,"
            + " replica = CASE WHEN a.failures = 0 AND COALESCE(a.replica, EXCLUDED.replica) = EXCLUDED.replica"
            + " THEN EXCLUDED.replica END RETURNING failures";

    private final PostgresDatabase database;
    private final Replica replica;
    private final GivingBack<Mark> ended;

    /** What is to be written when an attempt has ended. */
    private record Mark(ResourceKey organization, String id, String replica, boolean forgotten) {}

    LeasedAttemptMarks(PostgresDatabase database, Replica replica) throws QueueException {
        this.database = database;
        this.replica = replica;
        this.ended = new GivingBack<>(replica, this::write);
        // What a relay delivered or removed, and could not forget any more.
        update("DELETE FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.organization = a.organization"
                + " AND m.id = a.message)");
    }

    @Override
    public int begin(ResourceKey organization, String id) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(BEGIN)) {
                bind(statement, organization.toString(), id, replica.id());
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    return rows.getInt(1);
                }
            }
        });
    }

    @Override
    public void beginAgain(ResourceKey organization, String id) throws QueueException {
        update("UPDATE attempt SET replica = ? WHERE organization = ? AND message = ?", replica.id(),
                organization.toString(), id);
    }

    @Override
    public void end(ResourceKey organization, String id) {
        ended.add(new Mark(organization, id, replica.id(), false));
    }

    @Override
    public void forget(ResourceKey organization, String id) {
        ended.add(new Mark(organization, id, replica.id(), true));
    }

    @Override
    public void failed(ResourceKey organization, String id, int failures) throws QueueException {
        update("INSERT INTO attempt (organization, message, failures) VALUES (?, ?, " + failures
                + ") ON CONFLICT (organization, message) DO UPDATE SET replica = NULL, failures = EXCLUDED.failures",
                organization.toString(), id);
    }

    private void write(Mark mark) throws QueueException {
        String organization = mark.organization.toString();
        if (mark.forgotten) {
            update("DELETE FROM attempt WHERE organization = ? AND message = ?", organization, mark.id);
        } else if (update("DELETE FROM attempt WHERE organization = ? AND message = ? AND replica = ? AND failures = 0",
                organization, mark.id, mark.replica) == 0) {
            update("UPDATE attempt SET replica = NULL WHERE organization = ? AND message = ? AND replica = ?",
                    organization, mark.id, mark.replica);
        }
    }

    private int update(String sql, String... values) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                bind(statement, values);
                return statement.executeUpdate();
            }
        });
    }

    private static void bind(PreparedStatement statement, String... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setString(i + 1, values[i]);
        }
    }
}
