package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose the rows of a name are. Where a name has another owner, what the former one left is set aside, a batch at a time
 * so that mail of others goes on; meanwhile the name is nobody's, and nothing is taken or recorded under it. Each batch
 * holds the former owner's row, so that relays that do this at once do not take up what the new one has sent already.
 */
final class SqlOwners {
    private static final Logger LOG = LoggerFactory.getLogger(SqlOwners.class);
    private static final int MESSAGES_AT_ONCE = 50;
    private static final int NAMES_AT_ONCE = 500;
    private static final Comparator<ResourceKey> BY_NAME = Comparator.comparing(ResourceKey::toString);

    private final Database database;
    private final GroupCommit writer;
    private final QueueUsage usage;
    private final InstantSource clock;
    private final Map<ResourceKey, String> known = new ConcurrentHashMap<>();

    SqlOwners(Database database, GroupCommit writer, QueueUsage usage, InstantSource clock) {
        this.database = database;
        this.writer = writer;
        this.usage = usage;
        this.clock = clock;
    }

    /** What the table says of one name. */
    private record Owners(Optional<String> current, Optional<String> last, List<String> former) {
        boolean isFormer(String uid) {
            return former.contains(uid);
        }

        /** Whether somebody else has the name, who did not come after this one. */
        boolean makesWayFor(String uid) {
            return !isFormer(uid) && !current.equals(Optional.of(uid));
        }
    }

    /** Whether a message is still its organization's, as far as this relay knows. */
    boolean owns(QueuedMessage message) {
        return message.owner().isEmpty()
                || message.owner().equals(known.getOrDefault(message.organization(), message.owner()));
    }

    /** See {@link Queue#handOver}. */
    Queue.HandOver handOver(Map<ResourceKey, String> owners) throws QueueException {
        Map<ResourceKey, Owners> there = read(owners.keySet());
        Map<ResourceKey, String> unclaimed = new HashMap<>();
        List<ResourceKey> stale = new ArrayList<>();
        List<ResourceKey> former = new ArrayList<>();
        for (Map.Entry<ResourceKey, String> wanted : owners.entrySet()) {
            Optional<Owners> known = Optional.ofNullable(there.get(wanted.getKey()));
            if (known.isEmpty()) {
                unclaimed.put(wanted.getKey(), wanted.getValue());
            } else if (known.get().isFormer(wanted.getValue())) {
                stale.add(wanted.getKey());
            } else if (known.get().makesWayFor(wanted.getValue())) {
                former.add(replace(wanted.getKey(), wanted.getValue()));
            }
        }
        // In the same order as other relays do, so that none waits for what another waits for.
        for (List<ResourceKey> some : atOnce(unclaimed.keySet().stream().sorted(BY_NAME).toList())) {
            writer.execute(writes -> claim(writes.connection(), some, unclaimed));
        }
        owners.forEach((key, uid) -> {
            if (!stale.contains(key)) {
                known.put(key, uid);
            }
        });
        return new Queue.HandOver(stale, former);
    }

    /** See {@link Queue#ownedByOthers}. */
    Set<ResourceKey> ownedByOthers(Map<ResourceKey, String> owners) throws QueueException {
        Map<ResourceKey, Owners> there = read(owners.keySet());
        return owners.entrySet()
                .stream()
                .filter(wanted -> there.containsKey(wanted.getKey())
                        && there.get(wanted.getKey()).makesWayFor(wanted.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** What the table says of some names, which are few of all. */
    private Map<ResourceKey, Owners> read(Set<ResourceKey> names) throws QueueException {
        Map<ResourceKey, Owners> owners = new HashMap<>();
        for (List<ResourceKey> some : atOnce(List.copyOf(names))) {
            owners.putAll(database.read(connection -> read(connection, some)));
        }
        return owners;
    }

    private static List<List<ResourceKey>> atOnce(List<ResourceKey> names) {
        return names.stream().gather(Gatherers.windowFixed(NAMES_AT_ONCE)).toList();
    }

    private static Map<ResourceKey, Owners> read(Connection connection, List<ResourceKey> names) throws SQLException {
        Map<ResourceKey, Owners> owners = new HashMap<>();
        try (PreparedStatement query = connection.prepareStatement(
                "SELECT organization, uid, left_at IS NULL FROM owner WHERE organization IN ("
                        + String.join(",", Collections.nCopies(names.size(), "?"))
                        + ") ORDER BY organization, left_at")) {
            for (int i = 0; i < names.size(); i++) {
                query.setString(i + 1, names.get(i).toString());
            }
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    String uid = rows.getString(2);
                    boolean current = rows.getBoolean(3);
                    ResourceKey name = ResourceKey.parse(rows.getString(1));
                    Owners before = owners.getOrDefault(name,
                            new Owners(Optional.empty(), Optional.empty(), List.of()));
                    List<String> former = new ArrayList<>(before.former);
                    if (!current) {
                        former.add(uid);
                    }
                    owners.put(name, new Owners(current ? Optional.of(uid) : before.current,
                            current ? before.last : Optional.of(uid), former));
                }
            }
        }
        return owners;
    }

    /** What came before anybody was known is theirs, and so is the name from now on. */
    private static void claim(Connection connection, List<ResourceKey> names, Map<ResourceKey, String> owners)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO owner (organization, uid)"
                + " SELECT CAST(? AS TEXT), CAST(? AS TEXT) WHERE NOT EXISTS"
                + " (SELECT 1 FROM owner WHERE organization = ?) ON CONFLICT DO NOTHING")) {
            for (ResourceKey name : names) {
                insert.setString(1, name.toString());
                insert.setString(2, owners.get(name));
                insert.setString(3, name.toString());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private ResourceKey replace(ResourceKey organization, String uid) throws QueueException {
        known.put(organization, uid);
        writer.execute(writes -> {
            // Later than all before, whatever the clock says: the last to leave is known by it.
            long last = text(writes.connection(), "SELECT COALESCE(MAX(left_at), 0) FROM owner WHERE organization = ?",
                    organization.toString()).map(Long::parseLong).orElse(0L);
            update(writes.connection(), "UPDATE owner SET left_at = ? WHERE organization = ? AND left_at IS NULL"
                    + " AND uid <> ?", Math.max(clock.millis(), last + 1), organization.toString(), uid);
            writes.forgetOwners();
        });
        var step = new Step(organization, uid);
        while (!step.done) {
            writer.execute(step::run);
            ResourceKey former = FormerOwner.key(organization, step.from);
            Held moved = Held.queued(step.messages, step.octets, step.recipients);
            usage.remove(organization, moved);
            usage.add(former, moved);
            step.all += step.messages;
        }
        LOG.warn("organization {} is somebody else's now: {} messages that its former owner had queued are set aside "
                + "as {}, and dropped when they are as old as mail that cannot be delivered", organization, step.all,
                FormerOwner.key(organization, step.from));
        return FormerOwner.key(organization, step.from);
    }

    /** Sets aside some of what is there, and the last of it together with what gives the name to its new owner. */
    private static final class Step {
        private final ResourceKey organization;
        private final String uid;
        private String from = "";
        private long messages;
        private long octets;
        private long recipients;
        private long all;
        private boolean done;

        Step(ResourceKey organization, String uid) {
            this.organization = organization;
            this.uid = uid;
        }

        /** May run again when the step is repeated. */
        void run(SqlWrites writes) throws SQLException {
            Connection connection = writes.connection();
            String name = organization.toString();
            messages = 0;
            octets = 0;
            recipients = 0;
            done = false;
            // The last that left; its row is held until the commit.
            from = text(connection,
                    "SELECT uid FROM owner WHERE organization = ? AND left_at IS NOT NULL ORDER BY left_at DESC LIMIT 1",
                    name).orElse("");
            update(connection, "UPDATE owner SET left_at = left_at WHERE organization = ? AND uid = ?", name, from);
            if (text(connection, "SELECT uid FROM owner WHERE organization = ? AND left_at IS NULL", name)
                    .isPresent()) {
                // Another relay was quicker.
                done = true;
                return;
            }
            String former = FormerOwner.key(organization, from).toString();
            List<String> ids = some(connection, name);
            for (String id : ids) {
                recipients += move(connection, name, former, id);
            }
            if (ids.isEmpty()) {
                for (String table : List.of("submission", "event", "link")) {
                    update(connection, "UPDATE " + table + " SET organization = ? WHERE organization = ?", former,
                            name);
                }
                // Some of what was set aside may have been counted there already, as removed.
                update(connection, GatheredCounts.ADD_OF_ANOTHER, former, name);
                update(connection, "DELETE FROM counter WHERE organization = ?", name);
                update(connection, GatheredCounts.ADD_BOUNCES_OF_ANOTHER, former, name);
                update(connection, "DELETE FROM bounce WHERE organization = ?", name);
                update(connection, "DELETE FROM lost_report WHERE organization = ?", name);
                update(connection, "INSERT INTO owner (organization, uid) VALUES (?, ?) ON CONFLICT DO NOTHING", name,
                        uid);
                writes.forgetOwners();
                done = true;
            }
        }

        private List<String> some(Connection connection, String name) throws SQLException {
            List<String> ids = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT id, size FROM message WHERE organization = ? ORDER BY id LIMIT " + MESSAGES_AT_ONCE)) {
                query.setString(1, name);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        ids.add(rows.getString(1));
                        messages++;
                        octets += rows.getLong(2);
                    }
                }
            }
            return ids;
        }
    }

    /** See {@link QueueView.Change#ADOPT}. */
    int adopt(ResourceKey former, List<String> ids) throws QueueException {
        ResourceKey name = FormerOwner.nameBefore(former);
        Held[] moved = {Held.NOTHING};
        writer.execute(writes -> {
            Held all = Held.NOTHING;
            for (String id : ids) {
                Optional<String> size = text(writes.connection(),
                        "SELECT size FROM message WHERE organization = ? AND id = ?", former.toString(), id);
                if (size.isPresent()) {
                    int recipients = move(writes.connection(), former.toString(), name.toString(), id);
                    all = all.plus(Held.queued(1, Long.parseLong(size.get()), recipients));
                    update(writes.connection(), "UPDATE link SET organization = ? WHERE organization = ?"
                            + " AND message = ?", name.toString(), former.toString(), id);
                }
            }
            moved[0] = all;
        });
        usage.remove(former, moved[0]);
        usage.add(name, moved[0]);
        return Math.toIntExact(moved[0].messages());
    }

    /** Returns how many recipients it has. */
    private static int move(Connection connection, String from, String to, String message) throws SQLException {
        update(connection, "UPDATE message SET organization = ? WHERE organization = ? AND id = ?", to, from, message);
        int recipients = update(connection,
                "UPDATE recipient SET organization = ?, claimed_by = NULL WHERE organization = ?"
                        + " AND message = ?",
                to, from, message);
        for (String table : List.of("body", "attempt")) {
            update(connection, "UPDATE " + table + " SET organization = ? WHERE organization = ? AND message = ?", to,
                    from, message);
        }
        return recipients;
    }

    private static Optional<String> text(Connection connection, String sql, String... values) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                query.setString(i + 1, values[i]);
            }
            try (ResultSet rows = query.executeQuery()) {
                return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
            }
        }
    }

    private static int update(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                update.setObject(i + 1, values[i]);
            }
            return update.executeUpdate();
        }
    }
}
