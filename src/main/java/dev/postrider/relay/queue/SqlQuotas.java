package dev.postrider.relay.queue;

import dev.postrider.relay.queue.LockedRows.Changed;
import dev.postrider.route.Quota;
import dev.postrider.route.Quota.Period;
import dev.postrider.route.Quota.WhenExceeded;
import dev.postrider.route.RateLimits.Unit;
import dev.postrider.route.ResourceKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Quotas as rows of a table, one for each organization. The day and the month begin with what the counters know. */
final class SqlQuotas implements Quotas {
    private static final String SINCE = "SELECT sum(accepted), sum(recipients) FROM counter WHERE organization = ?"
            + " AND day >= ? AND server = ''";
    private static final String HELD = "SELECT message, count(*), min(next_attempt) FROM recipient WHERE organization = ?"
            + " AND attempts = 0 AND last_reply IS NULL AND claimed_by IS NULL AND next_attempt > ? GROUP BY message"
            + " ORDER BY message";
    private static final String DUE = "UPDATE recipient SET next_attempt = ? WHERE organization = ? AND message = ?"
            + " AND claimed_by IS NULL";

    private final LockedRows organizations;
    private final Consumer<ResourceKey> due;
    private final InstantSource clock;

    /** @param due told of each organization some of whose mail may be due at another time */
    SqlQuotas(LockedRows organizations, Consumer<ResourceKey> due, InstantSource clock) {
        this.clock = clock;
        this.organizations = organizations;
        this.due = due;
    }

    /** The text of a row: the limits that it was counted by, and the counts. */
    private record Row(String limits, QuotaCounts counts) {
        String text() {
            return limits + "\n" + counts;
        }
    }

    private record Held(String message, int recipients, Instant due) {}

    private static Row row(Connection connection, ResourceKey organization, String text, Quota quota, ZoneId zone,
            Instant now) throws SQLException {
        if (!text.isEmpty()) {
            String[] lines = text.split("\n", -1);
            return new Row(lines[0], QuotaCounts.parse(lines[1]));
        }
        var counts = new QuotaCounts();
        for (Period period : List.of(Period.DAY, Period.MONTH)) {
            counts.begin(period, now, zone, since(connection, organization, quota.unit(), period, zone, now));
        }
        return new Row(quota.toString(), counts);
    }

    private static long since(Connection connection, ResourceKey organization, Unit unit, Period period, ZoneId zone,
            Instant now) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(SINCE)) {
            query.setString(1, organization.toString());
            query.setString(2, period.start(now, zone).atZone(zone).toLocalDate().toString());
            try (ResultSet rows = query.executeQuery()) {
                return rows.next() ? rows.getLong(unit == Unit.RECIPIENTS ? 2 : 1) : 0;
            }
        }
    }

    @Override
    public Answer take(ResourceKey organization, Quota quota, ZoneId zone, int units) throws QueueException {
        return organizations.change(organization, (connection, text, now) -> {
            Row row = row(connection, organization, text, quota, zone, now);
            Answer answer = row.counts.take(quota, zone, units, now);
            return new Changed<>(row.text(), answer);
        });
    }

    @Override
    public void giveBack(ResourceKey organization, Quota quota, ZoneId zone, Taken taken) throws QueueException {
        organizations.change(organization, (connection, text, now) -> {
            Row row = row(connection, organization, text, quota, zone, now);
            row.counts.add(zone, taken.due(), -taken.units());
            return new Changed<>(row.text(), taken);
        });
    }

    @Override
    public List<Use> used(ResourceKey organization, Quota quota, ZoneId zone) throws QueueException {
        Instant now = clock.instant();
        return organizations.read(organization,
                (connection, text) -> row(connection, organization, text, quota, zone, now).counts.used(quota, zone,
                        now));
    }

    @Override
    public void changed(ResourceKey organization, Optional<Quota> quota, ZoneId zone) throws QueueException {
        String limits = quota.map(Quota::toString).orElse("");
        boolean changed = organizations.change(organization, (connection, text, now) -> {
            if (text.isEmpty() ? quota.isEmpty() : text.lines().findFirst().orElse("").equals(limits)) {
                return new Changed<>(text, false);
            }
            Row row = row(connection, organization, text, quota.orElse(NONE), zone, now);
            List<Held> held = held(connection, organization, now);
            held.forEach(message -> row.counts.add(zone, message.due,
                    -quota.map(limit -> limit.units(message.recipients)).orElse(1)));
            try (PreparedStatement update = connection.prepareStatement(DUE)) {
                for (Held message : held) {
                    update.setLong(1, dueNow(row.counts, quota, zone, message, now).toEpochMilli());
                    update.setString(2, organization.toString());
                    update.setString(3, message.message);
                    update.addBatch();
                }
                update.executeBatch();
            }
            return new Changed<>(new Row(limits, row.counts).text(), !held.isEmpty());
        });
        if (changed) {
            due.accept(organization);
        }
    }

    private static final Quota NONE = new Quota(Optional.empty(), Optional.empty(), Optional.empty(), Unit.MESSAGES,
            WhenExceeded.HOLD);

    /** It was accepted, so it is held even if what is more is refused now. */
    private static Instant dueNow(QuotaCounts counts, Optional<Quota> quota, ZoneId zone, Held message, Instant now) {
        Quota limits = quota.orElse(NONE);
        Quota holding = new Quota(limits.perHour(), limits.perDay(), limits.perMonth(), limits.unit(),
                WhenExceeded.HOLD);
        return switch (counts.take(holding, zone, limits.units(message.recipients), now)) {
            case Taken taken -> taken.due();
            case Exceeded _ -> now.plus(LONGEST_HOLD);
        };
    }

    private static List<Held> held(Connection connection, ResourceKey organization, Instant now) throws SQLException {
        List<Held> found = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(HELD)) {
            query.setString(1, organization.toString());
            query.setLong(2, now.toEpochMilli());
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    found.add(new Held(rows.getString(1), rows.getInt(2), Instant.ofEpochMilli(rows.getLong(3))));
                }
            }
        }
        return found;
    }
}
