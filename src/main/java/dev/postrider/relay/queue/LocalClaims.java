package dev.postrider.relay.queue;

import dev.postrider.route.MailClass;
import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Claims of the only process that uses the queue: known to it alone, so that none costs a write, and all are free after
 * a crash.
 */
final class LocalClaims implements Claims {
    private final Database database;
    private final Set<String> taken = ConcurrentHashMap.newKeySet();

    LocalClaims(Database database) {
        this.database = database;
    }

    @Override
    public List<String> takeDue(ResourceKey organization, Instant now, int most) throws QueueException {
        return take("SELECT message FROM recipient WHERE organization = ? AND next_attempt <= ?"
                + " ORDER BY next_attempt, message", organization, now, most);
    }

    @Override
    public List<String> takeUrgent(ResourceKey organization, Instant now, int most) throws QueueException {
        List<String> mine = new ArrayList<>();
        for (int urgency = MailClass.MOST_URGENT; urgency > 0 && mine.size() < most; urgency--) {
            mine.addAll(take("SELECT message FROM recipient WHERE organization = ? AND next_attempt <= ?"
                    + " AND urgency = " + urgency + " ORDER BY next_attempt", organization, now, most - mine.size()));
        }
        return mine;
    }

    @Override
    public List<String> takeReceivedBefore(ResourceKey organization, Instant time, int most) throws QueueException {
        return take("SELECT id FROM message WHERE organization = ? AND received < ?", organization, time, most);
    }

    private List<String> take(String sql, ResourceKey organization, Instant time, int most) throws QueueException {
        List<String> mine = new ArrayList<>();
        try {
            return database.read(connection -> {
                try (PreparedStatement query = connection.prepareStatement(sql)) {
                    query.setString(1, organization.toString());
                    query.setLong(2, time.toEpochMilli());
                    try (ResultSet rows = query.executeQuery()) {
                        while (mine.size() < most && rows.next()) {
                            if (taken.add(rows.getString(1))) {
                                mine.add(rows.getString(1));
                            }
                        }
                    }
                    return mine;
                }
            });
        } catch (QueueException e) {
            mine.forEach(taken::remove);
            throw e;
        }
    }

    @Override
    public boolean take(ResourceKey organization, String id) {
        return taken.add(id);
    }

    @Override
    public boolean mayTake() {
        return true;
    }

    @Override
    public Optional<String> takeNew(String id) {
        taken.add(id);
        return Optional.empty();
    }

    @Override
    public void free(ResourceKey organization, String id) {
        taken.remove(id);
    }

    @Override
    public boolean isHeld(String id) {
        return true;
    }

    @Override
    public Optional<String> claimedBy(String id) {
        return Optional.empty();
    }

    @Override
    public String replica() {
        return "";
    }

    @Override
    public void freeInDoubt(ResourceKey organization, String id) {
        free(organization, id);
    }

    @Override
    public void settled(String id) {
        taken.remove(id);
    }

    @Override
    public Optional<Instant> nextAttempt(ResourceKey organization) throws QueueException {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement("SELECT next_attempt, message FROM recipient"
                    + " WHERE organization = ? AND next_attempt IS NOT NULL ORDER BY next_attempt, message")) {
                query.setString(1, organization.toString());
                return firstFree(query);
            }
        });
    }

    private Optional<Instant> firstFree(PreparedStatement query) throws SQLException {
        try (ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                if (!taken.contains(rows.getString(2))) {
                    return Optional.of(Instant.ofEpochMilli(rows.getLong(1)));
                }
            }
            return Optional.empty();
        }
    }

    @Override
    public boolean isTaken(String id, @Nullable String claimedBy) {
        return taken.contains(id);
    }
}
