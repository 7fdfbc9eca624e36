package dev.postrider.relay.queue;

import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Claims of one of several relays, stored with the recipients. Rows are locked for the length of a statement only; what
 * keeps others away after that is the replica's lease.
 */
final class LeasedClaims implements Claims {
    /** Takes the messages of {@code mine}, rows that somebody was faster with left aside. */
    private static final String TAKE = ", taken AS (UPDATE recipient r SET claimed_by = ? FROM mine"
            + " WHERE r.organization = ? AND r.message = mine.id AND r.claimed_by IS NULL RETURNING r.message)"
            + " SELECT id FROM mine WHERE id IN (SELECT message FROM taken) ORDER BY since, id";

    private static final String TAKE_DUE = takeDue("");

    private static final String TAKE_URGENT = takeDue(" AND urgency = ?");

    private static String takeDue(String which) {
        return "WITH due AS MATERIALIZED (SELECT message, min(next_attempt) AS since FROM"
                + " (SELECT message, next_attempt FROM recipient WHERE organization = ? AND next_attempt <= ?"
                + which + " AND claimed_by IS NULL ORDER BY next_attempt LIMIT ?) d GROUP BY message),"
                + " mine AS MATERIALIZED (SELECT m.id, due.since FROM message m JOIN due ON m.id = due.message"
                + " WHERE m.organization = ? ORDER BY m.id FOR UPDATE OF m SKIP LOCKED)" + TAKE;
    }

    private static final String TAKE_OLD = "WITH mine AS MATERIALIZED (SELECT m.id, m.received AS since FROM message m"
            + " WHERE m.organization = ? AND m.received < ? AND EXISTS (SELECT 1 FROM recipient r"
            + " WHERE r.organization = m.organization AND r.message = m.id AND r.claimed_by IS NULL)"
            + " ORDER BY m.id LIMIT ? FOR UPDATE SKIP LOCKED)" + TAKE;

    private record Claim(ResourceKey organization, String id, String claimedBy) {}

    private final PostgresDatabase database;
    private final Replica replica;
    private final Map<String, String> taken = new ConcurrentHashMap<>();
    /** Given up by this relay, and not known to be free in the database yet. */
    private final Set<Claim> givenUp = ConcurrentHashMap.newKeySet();
    private final GivingBack<Claim> unfreed;
    private final DoubtfulTakes<Claim> takes;

    LeasedClaims(PostgresDatabase database, Replica replica) {
        this.database = database;
        this.replica = replica;
        this.unfreed = new GivingBack<>(replica, this::free);
        this.takes = new DoubtfulTakes<>(replica, this::unknown, this::free);
    }

    @Override
    public List<String> takeDue(ResourceKey organization, Instant now, int most) throws QueueException {
        return take(TAKE_DUE, (query, me) -> {
            query.setString(1, organization.toString());
            query.setLong(2, now.toEpochMilli());
            query.setInt(3, most);
            query.setString(4, organization.toString());
            query.setString(5, me);
            query.setString(6, organization.toString());
        });
    }

    @Override
    public List<String> takeUrgent(ResourceKey organization, Instant now, int most) throws QueueException {
        List<String> mine = new ArrayList<>();
        for (int urgency = MailClass.MOST_URGENT; urgency > 0 && mine.size() < most; urgency--) {
            int level = urgency;
            int left = most - mine.size();
            mine.addAll(take(TAKE_URGENT, (query, me) -> {
                query.setString(1, organization.toString());
                query.setLong(2, now.toEpochMilli());
                query.setInt(3, level);
                query.setInt(4, left);
                query.setString(5, organization.toString());
                query.setString(6, me);
                query.setString(7, organization.toString());
            }));
        }
        return mine;
    }

    @Override
    public List<String> takeReceivedBefore(ResourceKey organization, Instant time, int most) throws QueueException {
        return take(TAKE_OLD, (query, me) -> {
            query.setString(1, organization.toString());
            query.setLong(2, time.toEpochMilli());
            query.setInt(3, most);
            query.setString(4, me);
            query.setString(5, organization.toString());
        });
    }

    @Override
    public boolean take(ResourceKey organization, String id) throws QueueException {
        return !take("UPDATE recipient SET claimed_by = ? WHERE organization = ? AND message = ? AND claimed_by IS NULL"
                + " RETURNING message", (query, me) -> {
                    query.setString(1, me);
                    query.setString(2, organization.toString());
                    query.setString(3, id);
                }).isEmpty();
    }

    private interface Binding {
        void set(PreparedStatement query, String me) throws SQLException;
    }

    private List<String> take(String sql, Binding binding) throws QueueException {
        if (!replica.isValid()) {
            return List.of();
        }
        String me = replica.id();
        return takes.take(() -> take(sql, binding, me));
    }

    private List<String> take(String sql, Binding binding, String me) throws QueueException {
        return database.read(connection -> {
            List<String> mine = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(sql)) {
                binding.set(query, me);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        mine.add(rows.getString(1));
                        taken.put(rows.getString(1), me);
                    }
                }
            } catch (SQLException e) {
                mine.forEach(taken::remove);
                takes.doubt();
                if (database.mayRepeat(e)) {
                    return List.of();
                }
                throw e;
            }
            return mine;
        });
    }

    @Override
    public boolean mayTake() {
        return replica.isValid();
    }

    @Override
    public Optional<String> takeNew(String id) {
        String me = replica.id();
        taken.put(id, me);
        return Optional.of(me);
    }

    @Override
    public boolean isHeld(String id) {
        String claimedBy = taken.get(id);
        return claimedBy != null && replica.holds(claimedBy);
    }

    @Override
    public Optional<String> claimedBy(String id) {
        // A name that nobody has, so that nothing of somebody else's is touched.
        return Optional.of(taken.getOrDefault(id, ""));
    }

    @Override
    public String replica() {
        return replica.id();
    }

    @Override
    public void free(ResourceKey organization, String id) {
        String claimedBy = taken.get(id);
        if (claimedBy == null) {
            return;
        }
        var claim = new Claim(organization, id, claimedBy);
        givenUp.add(claim);
        if (taken.remove(id, claimedBy)) {
            unfreed.add(claim);
        }
    }

    @Override
    public void freeInDoubt(ResourceKey organization, String id) {
        free(organization, id);
        takes.doubt();
    }

    private List<Claim> unknown() throws QueueException {
        String me = replica.id();
        return database.read(connection -> {
            List<Claim> found = new ArrayList<>();
            try (PreparedStatement query = connection
                    .prepareStatement("SELECT DISTINCT organization, message FROM recipient WHERE claimed_by = ?")) {
                query.setString(1, me);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        var claim = new Claim(ResourceKey.parse(rows.getString(1)), rows.getString(2), me);
                        if (!taken.containsKey(claim.id) && !givenUp.contains(claim)) {
                            found.add(claim);
                        }
                    }
                }
            }
            return found;
        });
    }

    private void free(Claim claim) throws QueueException {
        database.read(connection -> {
            try (PreparedStatement update = connection.prepareStatement("UPDATE recipient SET claimed_by = NULL"
                    + " WHERE organization = ? AND message = ? AND claimed_by = ?")) {
                update.setString(1, claim.organization.toString());
                update.setString(2, claim.id);
                update.setString(3, claim.claimedBy);
                return update.executeUpdate();
            }
        });
        givenUp.remove(claim);
    }

    @Override
    public void settled(String id) {
        taken.remove(id);
    }

    @Override
    public Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement("SELECT next_attempt FROM recipient"
                    + " WHERE organization = ? AND next_attempt IS NOT NULL AND claimed_by IS NULL"
                    + " ORDER BY next_attempt LIMIT 1")) {
                query.setString(1, organization.toString());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(Instant.ofEpochMilli(rows.getLong(1))) : Optional.empty();
                }
            }
        });
    }

    @Override
    public boolean isTaken(String id, @Nullable String claimedBy) {
        return claimedBy != null;
    }
}
