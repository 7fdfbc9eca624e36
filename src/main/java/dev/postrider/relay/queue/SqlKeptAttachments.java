package dev.postrider.relay.queue;

import dev.postrider.relay.queue.KeptAttachment.State;
import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Attachments that are kept for download, in a table of the queue's database. */
final class SqlKeptAttachments implements KeptAttachments {
    private static final String COLUMNS = "organization, message, part, token, token_sha256, host, name, type, size,"
            + " sha256, created, expires, state";

    private final Database database;
    private final GroupCommit writer;

    SqlKeptAttachments(Database database, GroupCommit writer) {
        this.database = database;
        this.writer = writer;
    }

    @FunctionalInterface
    private interface Binding {
        void bind(PreparedStatement statement) throws SQLException;
    }

    @Override
    public List<KeptAttachment> of(ResourceKey organization, String message) throws QueueException {
        return select(" WHERE organization = ? AND message = ? ORDER BY part", query -> {
            query.setString(1, organization.toString());
            query.setString(2, message);
        });
    }

    @Override
    public Optional<KeptAttachment> find(String tokenSha256) throws QueueException {
        return select(" WHERE token_sha256 = ?", query -> query.setString(1, tokenSha256)).stream().findFirst();
    }

    @Override
    public List<KeptAttachment> toBeRemoved(Instant now, Instant brokenOffBefore, int most) throws QueueException {
        return select(
                " WHERE (expires <= ? AND state <> 'REMOVED') OR (state = 'STORING' AND created <= ? AND NOT EXISTS"
                        + " (SELECT 1 FROM message m WHERE m.organization = link.organization AND m.id = link.message))"
                        + " ORDER BY expires LIMIT ?",
                query -> {
                    query.setLong(1, now.toEpochMilli());
                    query.setLong(2, brokenOffBefore.toEpochMilli());
                    query.setInt(3, most);
                });
    }

    private List<KeptAttachment> select(String condition, Binding values) throws QueueException {
        return database.read(connection -> {
            List<KeptAttachment> found = new ArrayList<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT " + COLUMNS + " FROM link" + condition)) {
                values.bind(query);
                try (ResultSet row = query.executeQuery()) {
                    while (row.next()) {
                        found.add(read(row));
                    }
                }
            }
            return found;
        });
    }

    private static KeptAttachment read(ResultSet row) throws SQLException {
        return new KeptAttachment(ResourceKey.parse(row.getString(1)), row.getString(2), row.getInt(3),
                Optional.ofNullable(row.getString(4)), row.getString(5), row.getString(6), row.getString(7),
                row.getString(8), row.getLong(9), row.getString(10), Instant.ofEpochMilli(row.getLong(11)),
                Instant.ofEpochMilli(row.getLong(12)), State.valueOf(row.getString(13)));
    }

    @Override
    public Room reserve(List<KeptAttachment> attachments, long most, long mostOfNamespace) throws QueueException {
        Room[] room = {Room.ENOUGH};
        writer.execute(writes -> {
            ResourceKey organization = attachments.getFirst().organization();
            long more = attachments.stream().mapToLong(KeptAttachment::size).sum();
            room[0] = octets(writes, organization.toString(), organization.toString()) + more > most
                    ? Room.ORGANIZATION_FULL
                    : ofNamespace(writes, organization.namespace()) + more > mostOfNamespace
                            ? Room.NAMESPACE_FULL
                            : Room.ENOUGH;
            if (room[0] == Room.ENOUGH) {
                try (PreparedStatement insert = writes.connection()
                        .prepareStatement("INSERT INTO link (" + COLUMNS
                                + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'STORING') ON CONFLICT DO NOTHING")) {
                    for (KeptAttachment attachment : attachments) {
                        insert(insert, attachment);
                    }
                }
            }
        });
        return room[0];
    }

    /** Keys are compared by octets: between each two of these are those of the namespace, and no others. */
    private static long ofNamespace(SqlWrites writes, String namespace) throws SQLException {
        return octets(writes, namespace + "/", namespace + "0")
                + octets(writes, FormerOwner.NAMESPACE + "/" + namespace + ".",
                        FormerOwner.NAMESPACE + "/" + namespace + "/");
    }

    private static long octets(SqlWrites writes, String first, String last) throws SQLException {
        try (PreparedStatement sum = writes.connection()
                .prepareStatement("SELECT coalesce(sum(size), 0) FROM link"
                        + " WHERE organization >= ? AND organization <= ? AND state <> 'REMOVED'")) {
            sum.setString(1, first);
            sum.setString(2, last);
            try (ResultSet row = sum.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static void insert(PreparedStatement insert, KeptAttachment attachment) throws SQLException {
        key(insert, 1, attachment);
        insert.setString(4, attachment.token().orElse(null));
        insert.setString(5, attachment.tokenSha256());
        insert.setString(6, attachment.host());
        insert.setString(7, attachment.name());
        insert.setString(8, attachment.type());
        insert.setLong(9, attachment.size());
        insert.setString(10, attachment.sha256());
        insert.setLong(11, attachment.created().toEpochMilli());
        insert.setLong(12, attachment.expires().toEpochMilli());
        insert.executeUpdate();
    }

    private static void key(PreparedStatement statement, int first, KeptAttachment attachment) throws SQLException {
        statement.setString(first, attachment.organization().toString());
        statement.setString(first + 1, attachment.message());
        statement.setInt(first + 2, attachment.part());
    }

    @Override
    public void stored(Collection<KeptAttachment> attachments) throws QueueException {
        set(attachments, State.STORED);
    }

    @Override
    public void removed(Collection<KeptAttachment> attachments) throws QueueException {
        set(attachments, State.REMOVED);
    }

    private void set(Collection<KeptAttachment> attachments, State state) throws QueueException {
        writer.execute(writes -> {
            try (PreparedStatement update = writes.connection()
                    .prepareStatement("UPDATE link SET state = ?, expires = ? WHERE organization = ? AND message = ?"
                            + " AND part = ?")) {
                for (KeptAttachment attachment : attachments) {
                    update.setString(1, state.name());
                    update.setLong(2, attachment.expires().toEpochMilli());
                    key(update, 3, attachment);
                    update.executeUpdate();
                }
            }
        });
    }

    @Override
    public void forget(Instant expiredBefore) throws QueueException {
        writer.execute(writes -> {
            try (PreparedStatement update = writes.connection()
                    .prepareStatement("UPDATE link SET token = NULL WHERE token IS NOT NULL AND NOT EXISTS"
                            + " (SELECT 1 FROM message m WHERE m.organization = link.organization"
                            + " AND m.id = link.message)")) {
                update.executeUpdate();
            }
        });
        OldRows.removeAll(writer, "link", "organization, message, part",
                "expires <= ? AND state = 'REMOVED' ORDER BY expires",
                statement -> statement.setLong(1, expiredBefore.toEpochMilli()));
    }
}
