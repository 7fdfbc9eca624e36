package dev.postrider.relay.queue;

import dev.postrider.message.DsnRequest.Return;
import dev.postrider.message.DsnRequest;
import dev.postrider.message.MessageContent;
import dev.postrider.message.RecipientDsnRequest.Notify;
import dev.postrider.message.RecipientDsnRequest;
import dev.postrider.relay.queue.QueuedMessage.QueuedRecipient;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads messages, and what there is of them. */
final class StoredMessages {
    /** Recipients in one attempt: what every server must take (RFC 5321 section 4.5.3.1.8). */
    static final int RECIPIENTS_AT_ONCE = 100;

    /** Goes from organization to organization in the index, however much mail each has. */
    private static final String SCHEDULE = "WITH RECURSIVE o (organization) AS ("
            + "SELECT (SELECT min(organization) FROM recipient)"
            + " UNION ALL SELECT (SELECT min(r.organization) FROM recipient r WHERE r.organization > o.organization)"
            + " FROM o WHERE o.organization IS NOT NULL)"
            + " SELECT * FROM (SELECT organization, (SELECT r.next_attempt FROM recipient r"
            + " WHERE r.organization = o.organization AND r.next_attempt IS NOT NULL AND r.claimed_by IS NULL"
            + " ORDER BY r.next_attempt LIMIT 1) AS next FROM o) s WHERE next IS NOT NULL";

    private final Database database;

    StoredMessages(Database database) {
        this.database = database;
    }

    /** The message as it is in the queue when it has just come in. */
    static QueuedMessage asInserted(ResourceKey organization, String owner, String id, NewMessage message,
            MessageContent content, Optional<String> countedAs) {
        List<QueuedRecipient> recipients = new ArrayList<>();
        for (NewMessage.NewRecipient recipient : message.recipients()
                .subList(0, Math.min(RECIPIENTS_AT_ONCE, message.recipients().size()))) {
            recipients.add(new QueuedRecipient(recipients.size(), recipient.address(), recipient.dsn(), 0, false));
        }
        return new QueuedMessage(organization, owner, id, message.sender(), message.eightBit(), message.smtpUtf8(),
                message.dsn(), message.traceParent(), message.credentials(), message.received(), content, recipients,
                message.recipients().size() - recipients.size(), countedAs, message.longLines());
    }

    /** A message with its recipients that are due, if it has any. */
    Optional<QueuedMessage> load(ResourceKey organization, String id, Instant now) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT sender, eight_bit, smtp_utf8, size, received, dsn_ret, dsn_envid,"
                            + " trace_parent, credentials, mail_class, (SELECT uid FROM owner WHERE owner.organization ="
                            + " message.organization AND left_at IS NULL), short_lines FROM message"
                            + " WHERE organization = ? AND id = ?")) {
                query.setString(1, organization.toString());
                query.setString(2, id);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? read(connection, organization, id, now, rows) : Optional.empty();
                }
            }
        });
    }

    private Optional<QueuedMessage> read(Connection connection, ResourceKey organization, String id, Instant now,
            ResultSet message) throws SQLException {
        List<QueuedRecipient> due = new ArrayList<>();
        int all = 0;
        try (PreparedStatement query = connection.prepareStatement("SELECT number, address, dsn_notify, dsn_orcpt,"
                + " attempts, delay_reported, next_attempt FROM recipient WHERE organization = ? AND message = ?"
                + " ORDER BY number")) {
            query.setString(1, organization.toString());
            query.setString(2, id);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    all++;
                    long next = rows.getLong(7);
                    if (!rows.wasNull() && next <= now.toEpochMilli() && due.size() < RECIPIENTS_AT_ONCE) {
                        due.add(new QueuedRecipient(rows.getInt(1), rows.getString(2),
                                new RecipientDsnRequest(notify(rows.getString(3)),
                                        Optional.ofNullable(rows.getString(4))),
                                rows.getInt(5), rows.getBoolean(6)));
                    }
                }
            }
        }
        if (due.isEmpty()) {
            return Optional.empty();
        }
        var dsn = new DsnRequest(Optional.ofNullable(message.getString(6)).map(Return::valueOf),
                Optional.ofNullable(message.getString(7)));
        return Optional.of(new QueuedMessage(organization,
                Optional.ofNullable(message.getString(11)).orElse(""), id, message.getString(1), message.getBoolean(2),
                message.getBoolean(3), dsn, Optional.ofNullable(message.getString(8)),
                Optional.ofNullable(message.getBytes(9)),
                Instant.ofEpochMilli(message.getLong(5)),
                new StoredContent(database, organization, id, message.getLong(4)), due, all - due.size(),
                Optional.ofNullable(message.getString(10)), !message.getBoolean(12)));
    }

    @SuppressWarnings("NullAway") // The column may be null.
    private static Set<Notify> notify(String stored) {
        return stored == null
                ? Set.of()
                : Arrays.stream(stored.split(",")).map(Notify::valueOf).collect(Collectors.toSet());
    }

    /** When the next message of each organization is due that nobody has. */
    Map<ResourceKey, Instant> schedule() throws QueueException {
        return database.read(connection -> {
            Map<ResourceKey, Instant> schedule = new TreeMap<>();
            try (PreparedStatement query = connection.prepareStatement(SCHEDULE);
                    ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    schedule.put(ResourceKey.parse(rows.getString(1)), Instant.ofEpochMilli(rows.getLong(2)));
                }
            }
            return schedule;
        });
    }

    /** How much of each organization there is. */
    Map<ResourceKey, Usage> usages() throws QueueException {
        return database.read(connection -> {
            Map<ResourceKey, Usage> counted = new HashMap<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT organization, count(*), sum(size) FROM message GROUP BY organization");
                    ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    counted.put(ResourceKey.parse(rows.getString(1)), new Usage(rows.getLong(2), rows.getLong(3)));
                }
            }
            return counted;
        });
    }

    /** How many recipients of each organization there are. */
    Map<ResourceKey, Long> recipients() throws QueueException {
        return database.read(connection -> {
            Map<ResourceKey, Long> counted = new HashMap<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT organization, count(*) FROM recipient GROUP BY organization");
                    ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    counted.put(ResourceKey.parse(rows.getString(1)), rows.getLong(2));
                }
            }
            return counted;
        });
    }

    /** A message's size, and how it is counted. */
    record Known(long size, Optional<String> countedAs) {}

    /** What is known of a message, if it is there. */
    Optional<Known> known(ResourceKey organization, String id) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT size, mail_class FROM message WHERE organization = ? AND id = ?")) {
                query.setString(1, organization.toString());
                query.setString(2, id);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Known(rows.getLong(1), Optional.ofNullable(rows.getString(2))))
                            : Optional.empty();
                }
            }
        });
    }
}
