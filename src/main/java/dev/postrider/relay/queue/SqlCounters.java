package dev.postrider.relay.queue;

import dev.postrider.route.DailyCounts;
import dev.postrider.route.MailClass;
import dev.postrider.route.MailCounts;
import dev.postrider.route.ResourceKey;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The counters in a table of the queue's database. */
final class SqlCounters implements Counters, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SqlCounters.class);

    /** One statement, so that bounces by class are never more than all bounces; these come first. */
    private static final String READ = "SELECT day, mail_class, server, '' AS reply_class, sum(accepted),"
            + " sum(recipients), sum(delivered), sum(deferred), sum(bounced), sum(removed), sum(refused), sum(octets)"
            + " FROM counter WHERE organization = ? AND day >= ? AND day < ? GROUP BY day, mail_class, server"
            + " UNION ALL SELECT day, mail_class, server, reply_class, 0, 0, 0, 0, sum(bounced), 0, 0, 0"
            + " FROM bounce WHERE organization = ? AND day >= ? AND day < ?"
            + " GROUP BY day, mail_class, server, reply_class ORDER BY 1, 2, 3, 4";

    private final Database database;
    private final GroupCommit writer;
    private final InstantSource clock;
    private final ScheduledExecutorService timer = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("counters").factory());
    private volatile Function<ResourceKey, Optional<ZoneId>> zones = _ -> Optional.empty();

    // Guarded by itself.
    private final Map<GatheredCounts.Key, Long> refused = new HashMap<>();

    // Touched by the timer alone.
    private LocalDate forgotten = LocalDate.MIN;
    private boolean failing;

    SqlCounters(Database database, GroupCommit writer, InstantSource clock) {
        this.database = database;
        this.writer = writer;
        this.clock = clock;
    }

    /** Begins to write down refusals and to forget old days. */
    void start() {
        var _ = timer.scheduleWithFixedDelay(this::tend, 1, 1, TimeUnit.SECONDS);
    }

    /** @param some the time zone in which an organization's days are counted; UTC for those that have none */
    void countIn(Function<ResourceKey, Optional<ZoneId>> some) {
        zones = some;
    }

    /** Where something is counted that happens now. */
    GatheredCounts.Key key(ResourceKey organization, String mailClass, String server) {
        return new GatheredCounts.Key(organization, today(organization), mailClass, server);
    }

    @Override
    public LocalDate today(ResourceKey organization) {
        return LocalDate.ofInstant(clock.instant(), zones.apply(organization).orElse(ZoneOffset.UTC));
    }

    @Override
    public void refused(ResourceKey organization, Optional<MailClass> mailClass) {
        GatheredCounts.Key key = key(organization, mailClass.map(MailClass::text).orElse(""), "");
        synchronized (refused) {
            refused.merge(key, 1L, Long::sum);
        }
    }

    private void tend() {
        try {
            writeRefused();
            forgetOld();
            failing = false;
        } catch (QueueException | RuntimeException e) {
            if (!failing) {
                LOG.error("refusals are not written down for now, and are kept in memory: {}", e.getMessage());
            }
            failing = true;
        }
    }

    /** Writes refusals down that were counted so far. */
    private void writeRefused() throws QueueException {
        Map<GatheredCounts.Key, Long> taken;
        synchronized (refused) {
            if (refused.isEmpty()) {
                return;
            }
            taken = Map.copyOf(refused);
            refused.clear();
        }
        boolean written = false;
        try {
            writer.execute(
                    writes -> taken.forEach((key, requests) -> writes.count(key, MailCounts.refused(requests))));
            written = true;
        } finally {
            if (!written) {
                synchronized (refused) {
                    taken.forEach((key, requests) -> refused.merge(key, requests, Long::sum));
                }
            }
        }
    }

    private void forgetOld() throws QueueException {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        if (!today.equals(forgotten)) {
            String day = today.minus(KEPT).toString();
            OldRows.removeAll(writer, "counter", "organization, day, mail_class, server, run",
                    "day < ? ORDER BY day", statement -> statement.setString(1, day));
            OldRows.removeAll(writer, "bounce", "organization, day, mail_class, server, reply_class, run",
                    "day < ? ORDER BY day", statement -> statement.setString(1, day));
            forgotten = today;
        }
    }

    @Override
    public List<DailyCounts> read(ResourceKey organization, LocalDate from, LocalDate to) throws QueueException {
        database.checkSound();
        return database.read(connection -> {
            List<DailyCounts> found = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(READ)) {
                for (int first : new int[]{1, 4}) {
                    query.setString(first, organization.toString());
                    query.setString(first + 1, from.toString());
                    query.setString(first + 2, to.toString());
                }
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        Optional<String> replyClass = named(rows.getString(4));
                        if (replyClass.isEmpty()) {
                            found.add(new DailyCounts(LocalDate.parse(rows.getString(1)), named(rows.getString(2)),
                                    named(rows.getString(3)).map(ResourceKey::parse),
                                    new MailCounts(rows.getLong(5), rows.getLong(6), rows.getLong(7), rows.getLong(8),
                                            rows.getLong(9), rows.getLong(10), rows.getLong(11), rows.getLong(12))));
                        } else {
                            // A commit that writes such a row writes that of all bounces, too.
                            found.add(found.removeLast().bounces(replyClass.get(), rows.getLong(9)));
                        }
                    }
                }
            }
            return found;
        });
    }

    private static Optional<String> named(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** Writes down what was refused until now; the writer must still be there. */
    @Override
    public void close() {
        timer.shutdownNow();
        try {
            timer.awaitTermination(10, TimeUnit.SECONDS);
            writeRefused();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (QueueException e) {
            LOG.warn("what was refused in the last moment is not counted: {}", e.getMessage());
        }
    }
}
