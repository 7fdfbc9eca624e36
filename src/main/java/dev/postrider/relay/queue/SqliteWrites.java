package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** The statements that change the queue, prepared once for the writer's connection. */
final class SqliteWrites {
    private final PreparedStatement insertPart;
    private final PreparedStatement insertMessage;
    private final PreparedStatement insertRecipient;
    private final PreparedStatement deleteRecipient;
    private final PreparedStatement deferRecipient;
    private final PreparedStatement deleteFinished;
    private final PreparedStatement deleteBody;
    private final PreparedStatement deleteRecipients;
    private final PreparedStatement probe;

    SqliteWrites(Connection connection) throws SQLException {
        insertPart = connection.prepareStatement(
                "INSERT INTO body (organization, message, part, content) VALUES (?, ?, ?, ?)");
        insertMessage = connection.prepareStatement("INSERT INTO message"
                + " (organization, id, sender, eight_bit, smtp_utf8, size, received) VALUES (?, ?, ?, ?, ?, ?, ?)");
        insertRecipient = connection.prepareStatement("INSERT INTO recipient"
                + " (organization, message, number, address, attempts, next_attempt) VALUES (?, ?, ?, ?, 0, ?)");
        deleteRecipient = connection
                .prepareStatement("DELETE FROM recipient WHERE organization = ? AND message = ? AND number = ?");
        deferRecipient = connection.prepareStatement("UPDATE recipient SET attempts = ?, next_attempt = ?, server = ?,"
                + " last_reply = ? WHERE organization = ? AND message = ? AND number = ?");
        deleteFinished = connection.prepareStatement("DELETE FROM message WHERE organization = ?1 AND id = ?2"
                + " AND NOT EXISTS (SELECT 1 FROM recipient WHERE organization = ?1 AND message = ?2)");
        deleteBody = connection.prepareStatement("DELETE FROM body WHERE organization = ? AND message = ?");
        deleteRecipients = connection.prepareStatement("DELETE FROM recipient WHERE organization = ? AND message = ?");
        probe = connection.prepareStatement("INSERT OR REPLACE INTO probe (id, time) VALUES (1, ?)");
    }

    void insertPart(ResourceKey organization, String message, int part, byte[] content) throws SQLException {
        bind(insertPart, organization, message);
        insertPart.setInt(3, part);
        insertPart.setBytes(4, content);
        insertPart.executeUpdate();
    }

    void insertMessage(ResourceKey organization, String id, String sender, boolean eightBit, boolean smtpUtf8,
            long size, Instant received) throws SQLException {
        bind(insertMessage, organization, id);
        insertMessage.setString(3, sender);
        insertMessage.setBoolean(4, eightBit);
        insertMessage.setBoolean(5, smtpUtf8);
        insertMessage.setLong(6, size);
        insertMessage.setLong(7, received.toEpochMilli());
        insertMessage.executeUpdate();
    }

    void insertRecipients(ResourceKey organization, String message, List<String> addresses, Instant due)
            throws SQLException {
        for (int number = 0; number < addresses.size(); number++) {
            bind(insertRecipient, organization, message);
            insertRecipient.setInt(3, number);
            insertRecipient.setString(4, addresses.get(number));
            insertRecipient.setLong(5, due.toEpochMilli());
            insertRecipient.executeUpdate();
        }
    }

    void deleteRecipient(ResourceKey organization, String message, int number) throws SQLException {
        bind(deleteRecipient, organization, message);
        deleteRecipient.setInt(3, number);
        deleteRecipient.executeUpdate();
    }

    void deferRecipient(ResourceKey organization, String message, Settlement.Deferral deferral) throws SQLException {
        deferRecipient.setInt(1, deferral.attempts());
        deferRecipient.setLong(2, deferral.next().toEpochMilli());
        deferRecipient.setString(3, deferral.server());
        deferRecipient.setString(4, deferral.reply());
        deferRecipient.setString(5, organization.toString());
        deferRecipient.setString(6, message);
        deferRecipient.setInt(7, deferral.number());
        deferRecipient.executeUpdate();
    }

    /** Removes a message that has no recipients left; says whether it did. */
    boolean deleteFinished(ResourceKey organization, String message) throws SQLException {
        bind(deleteFinished, organization, message);
        boolean finished = deleteFinished.executeUpdate() > 0;
        if (finished) {
            deleteBody(organization, message);
        }
        return finished;
    }

    void deleteBody(ResourceKey organization, String message) throws SQLException {
        bind(deleteBody, organization, message);
        deleteBody.executeUpdate();
    }

    /** Removes a message whatever its state; says whether it was there. */
    boolean delete(ResourceKey organization, String message) throws SQLException {
        bind(deleteRecipients, organization, message);
        deleteRecipients.executeUpdate();
        return deleteFinished(organization, message);
    }

    void probe(long time) throws SQLException {
        probe.setLong(1, time);
        probe.executeUpdate();
    }

    private static void bind(PreparedStatement statement, ResourceKey organization, String message)
            throws SQLException {
        statement.setString(1, organization.toString());
        statement.setString(2, message);
    }
}
