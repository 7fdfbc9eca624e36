package dev.postrider.relay.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tables that are carried from one queue to another: their columns, and how rows go over. */
enum MovedTable {
    MESSAGE("message", "id", "organization s, id s, sender s, eight_bit b, smtp_utf8 b, size l, received l, held b,"
            + " dsn_ret s, dsn_envid s, trace_parent s, credentials o, mail_class s, short_lines b"), RECIPIENT(
                    "recipient", "message",
                    "organization s, message s, number i, address s, dsn_notify s, dsn_orcpt s,"
                            + " attempts i, last_attempt l, next_attempt l, server s, last_reply s, delay_reported b,"
                            + " urgency l"), BODY(
                                    "body", "message", "organization s, message s, part i, content o"), SUBMISSION(
                                            "submission", "idempotency_key",
                                            "organization s, idempotency_key s, message s, received l"), EVENT("event",
                                                    "id",
                                                    "organization s, id s, content s, attempts i, next_attempt l"), LINK(
                                                            "link", "message",
                                                            "organization s, message s, part i, token s,"
                                                                    + " token_sha256 s, host s, name s, type s,"
                                                                    + " size l, sha256 s, created l, expires l,"
                                                                    + " state s"), COUNTER("counter", "day",
                                                                            "organization s, day s, mail_class s,"
                                                                                    + " server s, run s, accepted l,"
                                                                                    + " recipients l, delivered l,"
                                                                                    + " deferred l, bounced l,"
                                                                                    + " removed l, refused l,"
                                                                                    + " octets l"), BOUNCE("bounce",
                                                                                            "day",
                                                                                            "organization s, day s, mail_class s, server s, reply_class s, run s, bounced l"), OWNER(
                                                                                                    "owner",
                                                                                                    "uid",
                                                                                                    "organization s, uid s, left_at l");

    private record Column(String name, char type) {
        static Column parse(String text) {
            String[] words = text.strip().split(" ", -1);
            return new Column(words[0], words[1].charAt(0));
        }
    }

    private final String table;
    private final String key;
    @SuppressWarnings("ImmutableEnumChecker") // Never written.
    private final Column[] columns;

    MovedTable(String table, String key, String columns) {
        this.table = table;
        this.key = key;
        this.columns = Arrays.stream(columns.split(",", -1)).map(Column::parse).toArray(Column[]::new);
    }

    private String names() {
        return Arrays.stream(columns).map(Column::name).collect(Collectors.joining(", "));
    }

    /**
     * What to select of a database, which may be of a version that did not have all columns; empty if it has not even
     * the table.
     */
    Optional<String> selected(Connection source) throws SQLException {
        Set<String> there = new HashSet<>();
        try (ResultSet rows = source.getMetaData().getColumns(null, null, table, null)) {
            while (rows.next()) {
                there.add(rows.getString("COLUMN_NAME"));
            }
        }
        return there.isEmpty()
                ? Optional.empty()
                : Optional.of(Arrays.stream(columns)
                        .map(column -> there.contains(column.name) ? column.name : "NULL AS " + column.name)
                        .collect(Collectors.joining(", ")));
    }

    /**
     * Copies the rows of one key, row by row; those that are there stay as they are.
     *
     * @param selected columns, as {@link #selected} gave them
     * @return how many rows there were
     */
    int copy(Connection source, Connection target, String selected, String organization, String value)
            throws SQLException {
        int rows = 0;
        String marks = Arrays.stream(columns).map(column -> "?").collect(Collectors.joining(", "));
        try (PreparedStatement select = source.prepareStatement(
                "SELECT " + selected + " FROM " + table + " WHERE organization = ? AND " + key + " = ?");
                PreparedStatement insert = target.prepareStatement("INSERT INTO " + table + " (" + names()
                        + ") VALUES (" + marks + ") ON CONFLICT DO NOTHING")) {
            select.setString(1, organization);
            select.setString(2, value);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    for (int i = 0; i < columns.length; i++) {
                        set(insert, i + 1, columns[i].type, row);
                    }
                    insert.executeUpdate();
                    rows++;
                }
            }
        }
        return rows;
    }

    private static void set(PreparedStatement insert, int index, char type, ResultSet row) throws SQLException {
        switch (type) {
            case 's' -> insert.setString(index, row.getString(index));
            case 'b' -> insert.setBoolean(index, row.getBoolean(index));
            case 'i' -> insert.setInt(index, row.getInt(index));
            case 'o' -> insert.setBytes(index, row.getBytes(index));
            case 'l' -> {
                long value = row.getLong(index);
                if (row.wasNull()) {
                    insert.setNull(index, Types.BIGINT);
                } else {
                    insert.setLong(index, value);
                }
            }
            default -> throw new IllegalStateException("no column has type " + type);
        }
    }

    void delete(Connection source, String organization, String value) throws SQLException {
        try (PreparedStatement delete = source
                .prepareStatement("DELETE FROM " + table + " WHERE organization = ? AND " + key + " = ?")) {
            delete.setString(1, organization);
            delete.setString(2, value);
            delete.executeUpdate();
        }
    }

    /** What lists keys from the front or from the back. */
    String keys(boolean backwards) {
        String order = backwards ? " DESC" : "";
        return "SELECT organization, " + key + " FROM " + table + " ORDER BY organization" + order + ", " + key + order;
    }
}
