package dev.postrider.relay.queue;

import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/** Counts that are written together: one row for each key, however many messages a commit holds. */
final class GatheredCounts {
    /** What goes into one row. */
    record Key(ResourceKey organization, LocalDate day, String mailClass, String server) {
        private static final Comparator<Key> ORDER = Comparator.comparing((Key key) -> key.organization.toString())
                .thenComparing(Key::day)
                .thenComparing(Key::mailClass)
                .thenComparing(Key::server);
    }

    private static final String COLUMNS = "day, mail_class, server, run, accepted, recipients, delivered, deferred,"
            + " bounced, removed, refused, octets";
    private static final String TO_WHAT_IS_THERE = " ON CONFLICT (organization, day, mail_class, server, run) DO UPDATE SET"
            + " accepted = counter.accepted + excluded.accepted, recipients = counter.recipients + excluded.recipients,"
            + " delivered = counter.delivered + excluded.delivered, deferred = counter.deferred + excluded.deferred,"
            + " bounced = counter.bounced + excluded.bounced, removed = counter.removed + excluded.removed,"
            + " refused = counter.refused + excluded.refused, octets = counter.octets + excluded.octets";
    static final String ADD = "INSERT INTO counter (organization, " + COLUMNS
            + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" + TO_WHAT_IS_THERE;
    /** Adds what was counted under a key, the second, to what was under the first. */
    static final String ADD_OF_ANOTHER = "INSERT INTO counter (organization, " + COLUMNS
            + ") SELECT CAST(? AS TEXT), " + COLUMNS + " FROM counter WHERE organization = ?" + TO_WHAT_IS_THERE;

    private static final String BOUNCE_COLUMNS = "day, mail_class, server, reply_class, run, bounced";
    private static final String TO_BOUNCES_THERE = " ON CONFLICT (organization, day, mail_class, server, reply_class,"
            + " run) DO UPDATE SET bounced = bounce.bounced + excluded.bounced";
    static final String ADD_BOUNCES = "INSERT INTO bounce (organization, " + BOUNCE_COLUMNS
            + ") VALUES (?, ?, ?, ?, ?, ?, ?)" + TO_BOUNCES_THERE;
    /** As {@link #ADD_OF_ANOTHER}. */
    static final String ADD_BOUNCES_OF_ANOTHER = "INSERT INTO bounce (organization, " + BOUNCE_COLUMNS
            + ") SELECT CAST(? AS TEXT), " + BOUNCE_COLUMNS + " FROM bounce WHERE organization = ?" + TO_BOUNCES_THERE;

    private final Map<Key, MailCounts> counts = new TreeMap<>(Key.ORDER);

    void add(Key key, MailCounts more) {
        counts.merge(key, more, MailCounts::plus);
    }

    void clear() {
        counts.clear();
    }

    /** Writes what was gathered, and forgets it. */
    void write(PreparedStatement add, PreparedStatement addBounces, String run) throws SQLException {
        if (counts.isEmpty()) {
            return;
        }
        for (Map.Entry<Key, MailCounts> entry : counts.entrySet()) {
            Key key = entry.getKey();
            MailCounts more = entry.getValue();
            add.setString(1, key.organization().toString());
            add.setString(2, key.day().toString());
            add.setString(3, key.mailClass());
            add.setString(4, key.server());
            add.setString(5, run);
            add.setLong(6, more.accepted());
            add.setLong(7, more.recipients());
            add.setLong(8, more.delivered());
            add.setLong(9, more.deferred());
            add.setLong(10, more.bounced());
            add.setLong(11, more.removed());
            add.setLong(12, more.refused());
            add.setLong(13, more.octets());
            add.addBatch();
        }
        add.executeBatch();
        writeBounces(addBounces, run);
        counts.clear();
    }

    /** Most commits have none. */
    private void writeBounces(PreparedStatement add, String run) throws SQLException {
        boolean some = false;
        for (Map.Entry<Key, MailCounts> entry : counts.entrySet()) {
            Key key = entry.getKey();
            for (Map.Entry<String, Long> bounces : entry.getValue().bounces().entrySet()) {
                add.setString(1, key.organization().toString());
                add.setString(2, key.day().toString());
                add.setString(3, key.mailClass());
                add.setString(4, key.server());
                add.setString(5, bounces.getKey());
                add.setString(6, run);
                add.setLong(7, bounces.getValue());
                add.addBatch();
                some = true;
            }
        }
        if (some) {
            add.executeBatch();
        }
    }
}
