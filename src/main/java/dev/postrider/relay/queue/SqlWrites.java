package dev.postrider.relay.queue;

import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.relay.queue.NewMessage.NewRecipient;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/**
 * The statements that change the queue, prepared once for the writer's connection. What belongs to a step is gathered
 * and sent together by {@link #flush}, statement by statement in the order in which they are prepared here: a step
 * touches no row twice but for the keys of {@link #insertKey}.
 */
final class SqlWrites {
    /** How long the key of a message is known. */
    static final Duration KEY_LIFETIME = Duration.ofDays(1);

    private final List<PreparedStatement> ordered = new ArrayList<>();
    /** Who wants to know how many rows each gathered step touched. */
    private final Map<PreparedStatement, List<IntConsumer>> gathered = new HashMap<>();
    /** Whose names are, as far as this commit has asked. */
    private final Map<ResourceKey, String> owners = new HashMap<>();
    private final GatheredCounts counts = new GatheredCounts();
    private final Connection connection;
    private final String run;
    private final PreparedStatement owner;
    private final PreparedStatement insertKey;
    private final PreparedStatement selectKey;
    private final PreparedStatement forgetKeys;
    private final PreparedStatement insertDraft;
    private final PreparedStatement updateDraft;
    private final PreparedStatement completeDraft;
    private final PreparedStatement insertPart;
    private final PreparedStatement insertMessage;
    private final PreparedStatement insertRecipient;
    private final PreparedStatement insertEvent;
    private final PreparedStatement deleteDraft;
    private final PreparedStatement deleteRecipient;
    private final PreparedStatement deferRecipient;
    private final PreparedStatement free;
    private final PreparedStatement deleteMessage;
    private final PreparedStatement deleteBody;
    private final PreparedStatement deleteRecipients;
    private final PreparedStatement deferEvent;
    private final PreparedStatement deleteEvent;
    private final PreparedStatement deleteOldestEvents;
    private final PreparedStatement hold;
    private final PreparedStatement schedule;
    private final PreparedStatement probe;
    private final PreparedStatement addCounts;
    private final PreparedStatement addBounces;

    /** @param run tells the counters of this run of a relay from those of others */
    SqlWrites(Connection connection, String run) throws SQLException {
        this.connection = connection;
        this.run = run;
        // The row is held, so that the name gets no other owner before the commit. SQLite has one writer.
        owner = connection.prepareStatement("SELECT uid FROM owner WHERE organization = ? AND left_at IS NULL"
                + (connection.getMetaData().getDatabaseProductName().equals("PostgreSQL") ? " FOR SHARE" : ""));
        insertKey = connection.prepareStatement("INSERT INTO submission"
                + " (organization, idempotency_key, message, received) VALUES (?, ?, ?, ?)"
                + " ON CONFLICT (organization, idempotency_key) DO UPDATE SET message = excluded.message,"
                + " received = excluded.received WHERE submission.received <= excluded.received - "
                + KEY_LIFETIME.toMillis());
        selectKey = connection.prepareStatement(
                "SELECT message FROM submission WHERE organization = ? AND idempotency_key = ?");
        forgetKeys = prepare(OldRows.delete(connection, "submission", "organization, idempotency_key",
                "received <= ? ORDER BY received"));
        insertDraft = prepare("INSERT INTO draft (organization, message, replica, parts) VALUES (?, ?, ?, 1)");
        updateDraft = connection.prepareStatement(
                "UPDATE draft SET parts = ? WHERE organization = ? AND message = ? AND replica = ?");
        completeDraft = connection.prepareStatement(
                "DELETE FROM draft WHERE organization = ? AND message = ? AND replica = ?");
        insertPart = prepare("INSERT INTO body (organization, message, part, content) VALUES (?, ?, ?, ?)");
        insertMessage = prepare("INSERT INTO message (organization, id, sender, eight_bit, smtp_utf8, size, received,"
                + " held, dsn_ret, dsn_envid, trace_parent, credentials, mail_class, short_lines)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, FALSE, ?, ?, ?, ?, ?, ?)");
        insertRecipient = prepare("INSERT INTO recipient (organization, message, number, address, dsn_notify,"
                + " dsn_orcpt, attempts, next_attempt, delay_reported, claimed_by, urgency)"
                + " VALUES (?, ?, ?, ?, ?, ?, 0, ?, FALSE, ?, ?)");
        insertEvent = prepare("INSERT INTO event (organization, id, content, attempts, next_attempt)"
                + " VALUES (?, ?, ?, 0, ?)");
        deleteDraft = connection.prepareStatement("DELETE FROM draft WHERE organization = ? AND message = ?");
        deleteRecipient = prepare("DELETE FROM recipient WHERE organization = ? AND message = ? AND number = ?");
        deferRecipient = prepare("UPDATE recipient SET attempts = ?, last_attempt = ?, next_attempt ="
                + " CASE WHEN (SELECT held FROM message m WHERE m.organization = recipient.organization"
                + " AND m.id = recipient.message) THEN NULL ELSE ? END, server = ?, last_reply = ?,"
                + " delay_reported = ? WHERE organization = ? AND message = ? AND number = ?"
                + " AND claimed_by IS NOT DISTINCT FROM ?");
        free = prepare("UPDATE recipient SET claimed_by = NULL WHERE organization = ? AND message = ?"
                + " AND claimed_by = ?");
        deleteMessage = prepare("DELETE FROM message WHERE organization = ? AND id = ?");
        deleteBody = prepare("DELETE FROM body WHERE organization = ? AND message = ?");
        deleteRecipients = prepare("DELETE FROM recipient WHERE organization = ? AND message = ?");
        deferEvent = prepare("UPDATE event SET attempts = ?, next_attempt = ?, claimed_by = NULL"
                + " WHERE organization = ? AND id = ? AND COALESCE(claimed_by, '') = ?");
        deleteEvent = prepare("DELETE FROM event WHERE organization = ? AND id = ?");
        deleteOldestEvents = prepare("DELETE FROM event WHERE organization = ? AND claimed_by IS NULL AND id <="
                + " (SELECT max(id) FROM (SELECT id FROM event WHERE organization = ? AND claimed_by IS NULL"
                + " ORDER BY id LIMIT ?) AS oldest)");
        hold = prepare("UPDATE message SET held = ? WHERE organization = ? AND id = ?");
        schedule = prepare("UPDATE recipient SET next_attempt = ? WHERE organization = ? AND message = ?");
        probe = prepare("INSERT INTO probe (id, time) VALUES (1, ?) ON CONFLICT (id) DO UPDATE"
                + " SET time = excluded.time");
        addBounces = connection.prepareStatement(GatheredCounts.ADD_BOUNCES);
        addCounts = connection.prepareStatement(GatheredCounts.ADD);
    }

    /** For statements that are seldom wanted, and run at once. */
    Connection connection() {
        return connection;
    }

    private PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        ordered.add(statement);
        return statement;
    }

    private void gather(PreparedStatement statement) throws SQLException {
        gather(statement, CountedFates.NONE);
    }

    /** @param rows told how many rows it touched, before the counts are written */
    private void gather(PreparedStatement statement, IntConsumer rows) throws SQLException {
        statement.addBatch();
        gathered.computeIfAbsent(statement, _ -> new ArrayList<>()).add(rows);
    }

    /** Sends what was gathered. */
    void flush() throws SQLException {
        for (PreparedStatement statement : ordered) {
            List<IntConsumer> steps = gathered.remove(statement);
            if (steps != null) {
                int[] rows = statement.executeBatch();
                for (int i = 0; i < rows.length; i++) {
                    steps.get(i).accept(rows[i]);
                }
            }
        }
        counts.write(addCounts, addBounces, run);
        owners.clear();
    }

    /** Forgets what was gathered. */
    void clear() throws SQLException {
        for (PreparedStatement statement : gathered.keySet()) {
            statement.clearBatch();
        }
        gathered.clear();
        addCounts.clearBatch();
        addBounces.clearBatch();
        counts.clear();
        owners.clear();
    }

    /**
     * Whether a name belongs to somebody, which it does until the commit; asked at once.
     *
     * @param uid empty for whoever has it
     */
    boolean isOwner(ResourceKey organization, String uid) throws SQLException {
        if (uid.isEmpty()) {
            return true;
        }
        String there = owners.get(organization);
        if (there == null) {
            owner.setString(1, organization.toString());
            try (ResultSet rows = owner.executeQuery()) {
                there = rows.next() ? rows.getString(1) : "";
            }
            owners.put(organization, there);
        }
        return there.equals(uid);
    }

    /** @throws RejectedException if the name is another's, or is being given to another */
    void requireOwner(ResourceKey organization, String uid) throws SQLException {
        if (!isOwner(organization, uid)) {
            throw new RejectedException("organization " + organization + " is another one by now");
        }
    }

    /** Asks anew: this commit changes them. */
    void forgetOwners() {
        owners.clear();
    }

    /**
     * Notes the key of a message, at once.
     *
     * @return the queue id of an earlier message with that key; nothing is noted then
     */
    Optional<String> insertKey(ResourceKey organization, String key, String message, Instant received)
            throws SQLException {
        bind(insertKey, organization, key);
        insertKey.setString(3, message);
        insertKey.setLong(4, received.toEpochMilli());
        if (insertKey.executeUpdate() > 0) {
            return Optional.empty();
        }
        bind(selectKey, organization, key);
        try (ResultSet rows = selectKey.executeQuery()) {
            return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
        }
    }

    void forgetKeys(Instant now) throws SQLException {
        forgetKeys.setLong(1, now.minus(KEY_LIFETIME).toEpochMilli());
        gather(forgetKeys);
    }

    /** Marks a message of which parts come before the rest. */
    void insertDraft(ResourceKey organization, String message, String replica) throws SQLException {
        bind(insertDraft, organization, message);
        insertDraft.setString(3, replica);
        gather(insertDraft);
    }

    /**
     * Notes another part of a draft, at once.
     *
     * @throws RejectedException if the draft is gone: the replica was given up by the others, who removed its drafts
     */
    void updateDraft(ResourceKey organization, String message, String replica, int parts) throws SQLException {
        updateDraft.setInt(1, parts);
        updateDraft.setString(2, organization.toString());
        updateDraft.setString(3, message);
        updateDraft.setString(4, replica);
        requireDraft(updateDraft.executeUpdate(), message);
    }

    /**
     * Removes the mark of a draft, since the message is complete; at once.
     *
     * @throws RejectedException as {@link #updateDraft}
     */
    void completeDraft(ResourceKey organization, String message, String replica) throws SQLException {
        bind(completeDraft, organization, message);
        completeDraft.setString(3, replica);
        requireDraft(completeDraft.executeUpdate(), message);
    }

    private static void requireDraft(int found, String message) throws RejectedException {
        if (found == 0) {
            throw new RejectedException("what was written of message " + message
                    + " is gone: this relay was out of reach for too long");
        }
    }

    /** Says whether there was one; one that is being completed is waited for. */
    boolean deleteDraft(ResourceKey organization, String message) throws SQLException {
        bind(deleteDraft, organization, message);
        return deleteDraft.executeUpdate() > 0;
    }

    void insertPart(ResourceKey organization, String message, int part, byte[] content) throws SQLException {
        bind(insertPart, organization, message);
        insertPart.setInt(3, part);
        insertPart.setBytes(4, content);
        gather(insertPart);
    }

    /** Counts in this commit. */
    void count(GatheredCounts.Key key, MailCounts more) {
        counts.add(key, more);
    }

    /**
     * Puts a message into the queue.
     *
     * @param claimedBy who has it, where that is stored
     * @param countedAs see {@link QueuedMessage#countedAs}
     */
    void insertMessage(ResourceKey organization, String id, NewMessage message, long size, Optional<String> claimedBy,
            Optional<String> countedAs) throws SQLException {
        bind(insertMessage, organization, id);
        insertMessage.setString(3, message.sender());
        insertMessage.setBoolean(4, message.eightBit());
        insertMessage.setBoolean(5, message.smtpUtf8());
        insertMessage.setLong(6, size);
        insertMessage.setLong(7, message.received().toEpochMilli());
        text(insertMessage, 8, message.dsn().ret().map(Enum::name));
        text(insertMessage, 9, message.dsn().envid());
        text(insertMessage, 10, message.traceParent());
        octets(insertMessage, 11, message.credentials());
        text(insertMessage, 12, countedAs);
        insertMessage.setBoolean(13, !message.longLines());
        gather(insertMessage);
        for (int number = 0; number < message.recipients().size(); number++) {
            NewRecipient recipient = message.recipients().get(number);
            bind(insertRecipient, organization, id);
            insertRecipient.setInt(3, number);
            insertRecipient.setString(4, recipient.address());
            text(insertRecipient, 5, storedNotify(recipient.dsn().conditions()));
            text(insertRecipient, 6, recipient.dsn().orcpt());
            insertRecipient.setLong(7, message.due().toEpochMilli());
            text(insertRecipient, 8, claimedBy);
            int urgency = message.urgency();
            if (urgency > 0) {
                insertRecipient.setInt(9, urgency);
            } else {
                insertRecipient.setNull(9, Types.INTEGER);
            }
            gather(insertRecipient);
        }
    }

    private static Optional<String> storedNotify(Set<Notify> notify) {
        return notify.isEmpty()
                ? Optional.empty()
                : Optional.of(new TreeSet<>(notify).stream().map(Enum::name).collect(Collectors.joining(",")));
    }

    private static void text(PreparedStatement statement, int index, Optional<String> value) throws SQLException {
        if (value.isPresent()) {
            statement.setString(index, value.get());
        } else {
            statement.setNull(index, Types.VARCHAR);
        }
    }

    private static void octets(PreparedStatement statement, int index, Optional<byte[]> value) throws SQLException {
        if (value.isPresent()) {
            statement.setBytes(index, value.get());
        } else {
            statement.setNull(index, Types.BINARY);
        }
    }

    void insertEvent(ResourceKey organization, Settlement.Event event, Instant now) throws SQLException {
        bind(insertEvent, organization, event.id());
        insertEvent.setString(3, event.content());
        insertEvent.setLong(4, now.toEpochMilli());
        gather(insertEvent);
    }

    /** Puts an event off after another attempt, unless another relay has it by now. */
    void deferEvent(Outbox.Waiting event, Instant next) throws SQLException {
        deferEvent.setInt(1, event.attempts() + 1);
        deferEvent.setLong(2, next.toEpochMilli());
        deferEvent.setString(3, event.organization().toString());
        deferEvent.setString(4, event.id());
        deferEvent.setString(5, event.holder());
        gather(deferEvent);
    }

    void deleteOldestEvents(ResourceKey organization, int events) throws SQLException {
        bind(deleteOldestEvents, organization, organization.toString());
        deleteOldestEvents.setInt(3, events);
        gather(deleteOldestEvents);
    }

    void deleteEvent(ResourceKey organization, String id) throws SQLException {
        bind(deleteEvent, organization, id);
        gather(deleteEvent);
    }

    /** @param rows told whether it was there: 1 or 0 */
    void deleteRecipient(ResourceKey organization, String message, int number, IntConsumer rows) throws SQLException {
        bind(deleteRecipient, organization, message);
        deleteRecipient.setInt(3, number);
        gather(deleteRecipient, rows);
    }

    /**
     * Puts a recipient off, unless somebody else has the message by now.
     *
     * @param rows told whether it was: 1 or 0
     */
    void deferRecipient(ResourceKey organization, String message, Settlement.Deferral deferral,
            Optional<String> claimedBy, IntConsumer rows) throws SQLException {
        deferRecipient.setInt(1, deferral.attempts());
        deferRecipient.setLong(2, deferral.last().toEpochMilli());
        deferRecipient.setLong(3, deferral.next().toEpochMilli());
        deferRecipient.setString(4, deferral.server());
        // PostgreSQL stores no NUL, and what a server said must not keep its own outcome from being recorded.
        deferRecipient.setString(5, deferral.reply().replace('\0', '?'));
        deferRecipient.setBoolean(6, deferral.delayReported());
        deferRecipient.setString(7, organization.toString());
        deferRecipient.setString(8, message);
        deferRecipient.setInt(9, deferral.number());
        text(deferRecipient, 10, claimedBy);
        gather(deferRecipient, rows);
    }

    /** Takes a claim off a message. */
    void free(ResourceKey organization, String message, String claimedBy) throws SQLException {
        bind(free, organization, message);
        free.setString(3, claimedBy);
        gather(free);
    }

    /**
     * Removes a message and all that belongs to it.
     *
     * @param recipients told how many were left
     */
    void delete(ResourceKey organization, String message, IntConsumer recipients) throws SQLException {
        bind(deleteMessage, organization, message);
        gather(deleteMessage);
        bind(deleteRecipients, organization, message);
        gather(deleteRecipients, recipients);
        deleteBody(organization, message);
    }

    void deleteBody(ResourceKey organization, String message) throws SQLException {
        bind(deleteBody, organization, message);
        gather(deleteBody);
    }

    /** Keeps a message back. */
    void hold(ResourceKey organization, String message) throws SQLException {
        held(organization, message, true);
        schedule.setNull(1, Types.BIGINT);
        schedule.setString(2, organization.toString());
        schedule.setString(3, message);
        gather(schedule);
    }

    /** Makes a message due, also one that was held. */
    void retry(ResourceKey organization, String message, Instant now) throws SQLException {
        held(organization, message, false);
        schedule.setLong(1, now.toEpochMilli());
        schedule.setString(2, organization.toString());
        schedule.setString(3, message);
        gather(schedule);
    }

    private void held(ResourceKey organization, String message, boolean held) throws SQLException {
        hold.setBoolean(1, held);
        hold.setString(2, organization.toString());
        hold.setString(3, message);
        gather(hold);
    }

    void probe(long time) throws SQLException {
        probe.setLong(1, time);
        gather(probe);
    }

    private static void bind(PreparedStatement statement, ResourceKey organization, String second)
            throws SQLException {
        statement.setString(1, organization.toString());
        statement.setString(2, second);
    }
}
