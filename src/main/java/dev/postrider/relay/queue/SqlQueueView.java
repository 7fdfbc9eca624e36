package dev.postrider.relay.queue;

import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** The queue as people see it, read from its tables. */
final class SqlQueueView implements QueueView {
    private static final int PAGE = 200;
    private static final String SELECT = "SELECT organization, id, sender, size, received, held,"
            + " credentials IS NOT NULL FROM message";

    private final SqlQueue queue;
    private final Database database;
    private final Claims claims;

    SqlQueueView(SqlQueue queue, Database database, Claims claims) {
        this.queue = queue;
        this.database = database;
        this.claims = claims;
    }

    @Override
    public List<Entry> list(Filter filter, Optional<Position> after, int most) throws QueueException {
        List<Entry> found = new ArrayList<>();
        Optional<Position> position = after;
        boolean more = true;
        while (found.size() < most && more) {
            int rows = filter.state().isEmpty() ? Math.min(PAGE, most - found.size()) : PAGE;
            List<Entry> page = page(filter, position, rows);
            page.stream()
                    .filter(entry -> filter.state().filter(state -> state != entry.state()).isEmpty())
                    .limit(most - found.size())
                    .forEach(found::add);
            more = page.size() == rows;
            position = page.isEmpty()
                    ? position
                    : Optional.of(new Position(page.getLast().organization(), page.getLast().id()));
        }
        return found;
    }

    /** Which state a message is in depends on claims that may not be stored, so that is looked at afterwards. */
    private List<Entry> page(Filter filter, Optional<Position> after, int rows) throws QueueException {
        var sql = new StringBuilder(SELECT + " WHERE TRUE");
        List<String> values = new ArrayList<>();
        filter.organization().ifPresent(organization -> {
            sql.append(" AND organization = ?");
            values.add(organization.toString());
        });
        after.ifPresent(position -> {
            sql.append(" AND (organization, id) > (?, ?)");
            values.add(position.organization().toString());
            values.add(position.id());
        });
        filter.server().ifPresent(server -> {
            sql.append(recipientWhere("r.server = ?"));
            values.add(server);
        });
        filter.recipient().ifPresent(recipient -> {
            sql.append(recipientWhere("lower(r.address) = ?"));
            values.add(CanonicalAddress.inForm(recipient).toLowerCase(Locale.ROOT));
        });
        sql.append(" ORDER BY organization, id LIMIT " + rows);
        return entries(sql.toString(), values);
    }

    private static String recipientWhere(String condition) {
        return " AND EXISTS (SELECT 1 FROM recipient r WHERE r.organization = message.organization"
                + " AND r.message = message.id AND " + condition + ")";
    }

    private List<Entry> entries(String sql, List<String> values) throws QueueException {
        return database.read(connection -> {
            List<Entry> entries = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(sql)) {
                for (int i = 0; i < values.size(); i++) {
                    query.setString(i + 1, values.get(i));
                }
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        entries.add(entry(connection, rows));
                    }
                }
            }
            return entries;
        });
    }

    private Entry entry(Connection connection, ResultSet row) throws SQLException {
        ResourceKey organization = ResourceKey.parse(row.getString(1));
        String id = row.getString(2);
        List<Recipient> recipients = new ArrayList<>();
        boolean taken = false;
        boolean tried = false;
        try (PreparedStatement query = connection.prepareStatement("SELECT address, attempts, last_attempt,"
                + " next_attempt, server, last_reply, claimed_by FROM recipient WHERE organization = ? AND message = ?"
                + " ORDER BY number")) {
            query.setString(1, organization.toString());
            query.setString(2, id);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    taken |= claims.isTaken(id, rows.getString(7));
                    tried |= rows.getInt(2) > 0;
                    recipients.add(new Recipient(rows.getString(1), rows.getInt(2), time(rows, 3), time(rows, 4),
                            Optional.ofNullable(rows.getString(5)), Optional.ofNullable(rows.getString(6))));
                }
            }
        }
        State state = taken
                ? State.ACTIVE
                : row.getBoolean(6) ? State.HELD : tried ? State.DEFERRED : State.QUEUED;
        return new Entry(id, organization, row.getString(3), row.getLong(4), Instant.ofEpochMilli(row.getLong(5)),
                state, row.getBoolean(7), recipients);
    }

    private static Optional<Instant> time(ResultSet row, int column) throws SQLException {
        long millis = row.getLong(column);
        return row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    @Override
    public Optional<Entry> find(String id) throws QueueException {
        return entries(SELECT + " WHERE id = ?", List.of(id))
                .stream()
                .findFirst();
    }

    @Override
    public int change(Change change, Filter filter, OptionalInt most) throws QueueException {
        int changed = 0;
        int left = most.orElse(Integer.MAX_VALUE);
        Optional<Position> position = Optional.empty();
        List<Entry> page = list(filter, position, Math.min(left, PAGE));
        while (!page.isEmpty()) {
            int done = apply(change, page);
            changed += done;
            left -= done;
            position = Optional.of(new Position(page.getLast().organization(), page.getLast().id()));
            page = left > 0 ? list(filter, position, Math.min(left, PAGE)) : List.of();
        }
        if (change == Change.RELEASE && changed == 0) {
            // Nothing is held where another server takes the mail that one does not: that one is tried again.
            filter.organization().ifPresent(queue::released);
        }
        return changed;
    }

    @Override
    public boolean change(Change change, String id) throws QueueException {
        Optional<Entry> entry = find(id);
        return entry.isPresent() && apply(change, List.of(entry.get())) > 0;
    }

    /** Does it to those whose state allows it, in one commit for each organization. */
    private int apply(Change change, List<Entry> entries) throws QueueException {
        Map<ResourceKey, List<String>> allowed = entries.stream()
                .filter(entry -> isAllowed(change, entry))
                .collect(Collectors.groupingBy(Entry::organization, LinkedHashMap::new,
                        Collectors.mapping(Entry::id, Collectors.toList())));
        int changed = 0;
        for (Map.Entry<ResourceKey, List<String>> some : allowed.entrySet()) {
            changed += switch (change) {
                case HOLD -> hold(some.getKey(), some.getValue());
                case RELEASE, RETRY -> makeDue(some.getKey(), some.getValue());
                case REMOVE -> remove(some.getKey(), some.getValue());
                case ADOPT -> queue.adopt(some.getKey(), some.getValue());
            };
        }
        return changed;
    }

    private static boolean isAllowed(Change change, Entry entry) {
        State state = entry.state();
        return switch (change) {
            case ADOPT -> FormerOwner.is(entry.organization());
            case HOLD -> state != State.HELD;
            case RELEASE -> state == State.HELD;
            case RETRY -> state == State.DEFERRED || state == State.QUEUED;
            case REMOVE -> state != State.ACTIVE;
        };
    }

    private int hold(ResourceKey organization, List<String> ids) throws QueueException {
        queue.execute(writes -> {
            for (String id : ids) {
                writes.hold(organization, id);
            }
        });
        return ids.size();
    }

    private int makeDue(ResourceKey organization, List<String> ids) throws QueueException {
        Instant now = queue.now();
        queue.execute(writes -> {
            for (String id : ids) {
                writes.retry(organization, id, now);
            }
        });
        queue.released(organization);
        return ids.size();
    }

    private int remove(ResourceKey organization, List<String> ids) throws QueueException {
        List<String> taken = new ArrayList<>();
        try {
            for (String id : ids) {
                if (claims.take(organization, id)) {
                    taken.add(id);
                }
            }
        } catch (QueueException e) {
            taken.forEach(id -> claims.free(organization, id));
            throw e;
        }
        return taken.isEmpty() ? 0 : queue.remove(organization, taken);
    }
}
