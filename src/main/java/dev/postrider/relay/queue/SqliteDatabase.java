package dev.postrider.relay.queue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** A queue in one SQLite file, used by this process alone. */
final class SqliteDatabase implements Database {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteDatabase.class);
    private static final int READERS = 4;
    private static final String NAME = "queue.sqlite";
    private static final Pattern DAMAGED = Pattern.compile("queue\\.sqlite\\.damaged-[0-9TZ]+");

    /** Room that new mail leaves free, so that deliveries can still be recorded and the log be folded in. */
    static final long RESERVE = 32L << 20;

    /** Room for the log and whatever else is on the volume: an eighth of it, between these. */
    private static final int FOR_OTHERS = 8;
    private static final long LEAST_FOR_OTHERS = 8L << 20;
    private static final long MOST_FOR_OTHERS = 1L << 30;

    private final Path file;
    private final FileChannel lock;
    private final long reserve;
    private final HikariDataSource readers;
    private final AtomicReference<QueueException.@Nullable Corrupt> damage = new AtomicReference<>();

    private SqliteDatabase(Path file, FileChannel lock, long reserve) {
        this.file = file;
        this.lock = lock;
        this.reserve = reserve;
        var config = new HikariConfig();
        config.setPoolName("queue-readers");
        config.setDataSource(source(file, true));
        config.setMaximumPoolSize(READERS);
        config.setReadOnly(true);
        config.setInitializationFailTimeout(-1);
        this.readers = new HikariDataSource(config);
    }

    /**
     * Opens {@code queue.sqlite}, which is made if it is not there. A damaged file is renamed, with its log, and a new
     * one begun: {@code queue.sqlite.damaged-<time>} keeps what can be saved.
     *
     * @param reserve octets to leave free on the disk
     * @throws QueueException if the file cannot be used, or another process uses it
     */
    static SqliteDatabase open(Path directory, InstantSource clock, long reserve) throws QueueException {
        Path file = directory.resolve(NAME);
        FileChannel lock = lock(directory);
        try {
            try {
                prepare(file);
            } catch (QueueException.Corrupt e) {
                Path aside = setAside(file, clock.instant());
                LOG.error("{}. It is kept as {}, and the relay begins with an empty queue. Save what can be read: "
                        + "postrider queue move --from {} --to ...", e.getMessage(), aside, aside);
                prepare(file);
            }
            return new SqliteDatabase(file, lock, reserve);
        } catch (QueueException e) {
            unlock(lock);
            throw e;
        }
    }

    private static FileChannel lock(Path directory) throws QueueException {
        return lock(directory, "queue.lock");
    }

    private static FileChannel lock(Path directory, String name) throws QueueException {
        Path file = directory.resolve(name);
        try {
            Files.createDirectories(directory);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() != null) {
                    return channel;
                }
            } catch (OverlappingFileLockException e) {
                LOG.debug("locked by this process", e);
            }
            channel.close();
        } catch (AccessDeniedException e) {
            throw new QueueException(("%s cannot be written by the user %s; make the volume writable for that user "
                    + "(of a pod: securityContext.fsGroup, which drivers of some volumes ignore)")
                    .formatted(file, System.getProperty("user.name")), e);
        } catch (IOException e) {
            throw new QueueException("cannot use " + file + ": " + e.getMessage(), e);
        }
        throw new QueueException(file + " is held by another relay; a queue on SQLite serves one");
    }

    /** Keeps relays from a file while something else works on it. */
    static FileChannel lockFor(Path file) throws QueueException {
        Path directory = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        return file.endsWith(NAME) ? lock(directory) : lock(directory, file.getFileName() + ".lock");
    }

    /** Opens a file as it is, damaged or not, with autocommit off. */
    static Connection openForMove(Path file) throws SQLException {
        Connection connection = source(file, false).getConnection();
        connection.setAutoCommit(false);
        return connection;
    }

    private static void unlock(FileChannel lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("cannot release the queue's lock: {}", e.getMessage());
        }
    }

    private static void prepare(Path file) throws QueueException {
        try {
            try (Connection connection = source(file, false).getConnection()) {
                check(connection, file);
            }
            Schema.migrate(source(file, false), name(file),
                    Map.of("key", "TEXT", "octets", "BLOB", "clustered", "WITHOUT ROWID", "compressed",
                            "SELECT 1", "due_index", "SELECT 1"));
            try (Connection connection = source(file, false).getConnection();
                    Statement statement = connection.createStatement()) {
                // Parts of messages that were still coming in when the process ended.
                statement.execute("DELETE FROM body WHERE (organization, message) IN"
                        + " (SELECT organization, message FROM draft)");
                statement.execute("DELETE FROM draft");
            }
        } catch (SQLException e) {
            throw failure(file, e);
        }
    }

    private static void check(Connection connection, Path file) throws SQLException, QueueException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA quick_check(1)")) {
            String result = rows.next() ? rows.getString(1) : "no answer";
            if (!result.equals("ok")) {
                throw corrupt(file, new SQLException(result));
            }
        }
    }

    private static Path setAside(Path file, Instant now) throws QueueException {
        String suffix = ".damaged-" + now.toString().replaceAll("[^0-9TZ]", "");
        try {
            for (String part : new String[]{"-wal", "-shm", ""}) {
                Path found = file.resolveSibling(file.getFileName() + part);
                if (Files.exists(found)) {
                    Files.move(found, file.resolveSibling(file.getFileName() + suffix + part));
                }
            }
            return file.resolveSibling(file.getFileName() + suffix);
        } catch (IOException e) {
            throw new QueueException(name(file) + " is damaged and cannot be set aside: " + e.getMessage(), e);
        }
    }

    private static SQLiteDataSource source(Path file, boolean readOnly) {
        var config = new SQLiteConfig();
        config.setReadOnly(readOnly);
        config.setBusyTimeout(5_000);
        if (!readOnly) {
            config.setJournalMode(SQLiteConfig.JournalMode.WAL);
            // FULL syncs the log at each commit: what was acknowledged survives a power cut.
            config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
            // The driver begins the next transaction right after a commit: IMMEDIATE would hold the file's lock forever.
            config.setTransactionMode(SQLiteConfig.TransactionMode.DEFERRED);
        }
        var source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        return source;
    }

    @Override
    public String name() {
        return name(file);
    }

    private static String name(Path file) {
        return "queue file " + file;
    }

    @Override
    public Connection openWriter() throws SQLException {
        Connection connection = source(file, false).getConnection();
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint = 4000");
        }
        connection.setAutoCommit(false);
        return connection;
    }

    @Override
    public Connection borrow() throws SQLException {
        return readers.getConnection();
    }

    @Override
    public QueueException failure(SQLException e) {
        QueueException failure = failure(file, e);
        if (failure instanceof QueueException.Corrupt corrupt && damage.compareAndSet(null, corrupt)) {
            LOG.error("{}. No mail is taken, and none read from it, until the relay is restarted: it then sets the file"
                    + " aside and begins with an empty queue. postrider queue move saves what can be read",
                    corrupt.getMessage());
        }
        return failure;
    }

    private static QueueException failure(Path file, SQLException e) {
        return switch (code(e)) {
            case SQLITE_FULL -> new QueueException.Full("no room for " + name(file), e);
            case SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT_SEQUENCE, SQLITE_CORRUPT_VTAB, SQLITE_NOTADB ->
                corrupt(file, e);
            default -> new QueueException(name(file) + " failed: " + e.getMessage(), e);
        };
    }

    private static SQLiteErrorCode code(SQLException e) {
        return e instanceof SQLiteException known ? known.getResultCode() : SQLiteErrorCode.UNKNOWN_ERROR;
    }

    private static QueueException.Corrupt corrupt(Path file, SQLException e) {
        return new QueueException.Corrupt(name(file) + " is damaged (" + e.getMessage() + ")", e);
    }

    @Override
    public boolean losesConnection(SQLException e) {
        return switch (code(e)) {
            case SQLITE_FULL, SQLITE_BUSY, SQLITE_CONSTRAINT -> false;
            default -> true;
        };
    }

    @Override
    public boolean mayRepeat(SQLException e) {
        return false;
    }

    @Override
    public void checkSound() throws QueueException.Corrupt {
        QueueException.Corrupt found = damage.get();
        if (found != null) {
            throw new QueueException.Corrupt(found.getMessage() + "; restart the relay, which sets it aside", found);
        }
    }

    @Override
    public void checkRoom() throws QueueException {
        checkSound();
        // One system call, where Files.getFileStore reads the table of mounts.
        long free = file.toFile().getUsableSpace();
        if (free < reserve) {
            throw new QueueException.Full(name() + " has " + free + " octets of disk left, and " + reserve
                    + " are kept for recording what becomes of what is queued");
        }
    }

    /** What was deleted leaves free pages in the file, which does not shrink. */
    @Override
    public OptionalLong free() throws QueueException {
        long pages = read(connection -> {
            try (Statement statement = connection.createStatement()) {
                return pragma(statement, "freelist_count") * pragma(statement, "page_size");
            }
        });
        long others = Math.clamp(file.toFile().getTotalSpace() / FOR_OTHERS, LEAST_FOR_OTHERS, MOST_FOR_OTHERS);
        return OptionalLong.of(file.toFile().getUsableSpace() + pages - reserve - others);
    }

    private static long pragma(Statement statement, String name) throws SQLException {
        try (ResultSet rows = statement.executeQuery("PRAGMA " + name)) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    @Override
    public long damagedFiles() {
        try (Stream<Path> files = Files.list(file.toAbsolutePath().getParent())) {
            return files.map(found -> found.getFileName().toString()).filter(DAMAGED.asMatchPredicate()).count();
        } catch (IOException e) {
            LOG.debug("whether there are damaged files is not known", e);
            return 0;
        }
    }

    /** Before the writer's connection: the last to close moves the log into the file, which a reader may not. */
    @Override
    public void closeReaders() {
        readers.close();
    }

    @Override
    public void close() {
        readers.close();
        unlock(lock);
    }
}
