package dev.postrider.relay.queue;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Makes connections to the server that is the primary now, among several hosts or behind one name. When that is another
 * than before, connections to the former one are broken, since nothing may ever come on them: whoever waits there goes
 * on at the new one. Safe for many threads.
 */
final class PrimarySource implements DataSource {
    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(PrimarySource.class);

    /** For a whole login, and looking up the host's name. */
    static final int LOGIN_SECONDS = 10;

    private final List<PostgresHost> hosts;
    private final ReentrantLock searching = new ReentrantLock();
    private final Set<Connection> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private volatile @Nullable PrimaryServer current;
    private volatile boolean doubtful = true;
    private volatile int switches;
    private volatile Runnable listener = () -> {};

    // Guarded by searching.
    private @Nullable SQLException failure;
    private long failed;

    /** @param hosts one at least */
    PrimarySource(List<PostgresHost> hosts) {
        this.hosts = List.copyOf(hosts);
    }

    private sealed interface Answer {
        record Found(PrimaryServer.Reached reached) implements Answer {}

        record Failed(PostgresHost host, SQLException error) implements Answer {}
    }

    @Override
    public Connection getConnection() throws SQLException {
        PrimaryServer known = current;
        if (known != null && !doubtful) {
            try {
                return accept(known.host().connect());
            } catch (SQLException e) {
                if (hosts.size() == 1) {
                    throw e;
                }
                LOG.debug("{} is not the primary any more, or cannot be reached: {}", known.host().name(),
                        e.getMessage());
            }
        }
        return search();
    }

    /** From now on all hosts are asked which is the primary, until it is found: what was known may be wrong. */
    void doubt() {
        doubtful = true;
    }

    /** How often another server was found to be the primary than before. */
    int switches() {
        return switches;
    }

    /** Tells when another server is the primary, each time. */
    void onSwitch(Runnable told) {
        listener = told;
    }

    private Connection search() throws SQLException {
        int seen = switches;
        long began = System.nanoTime();
        searching.lock();
        try {
            PrimaryServer known = current;
            if (known != null && seen != switches) {
                // Somebody else has found it meanwhile.
                return accept(known.host().connect());
            }
            SQLException last = failure;
            if (last != null && failed - began > 0) {
                // Somebody else has looked while this one waited.
                throw again(last);
            }
            failure = null;
            try {
                Connection found = accept(newest());
                doubtful = false;
                return found;
            } catch (SQLException e) {
                failure = e;
                failed = System.nanoTime();
                throw e;
            }
        } finally {
            searching.unlock();
        }
    }

    /** Not the same object, whose stack trace would be somebody else's. */
    private static SQLException again(SQLException e) {
        return new SQLException(e.getMessage(), e.getSQLState(), e);
    }

    /**
     * The primary with the highest timeline. Each host is asked at once: a former primary that nobody stopped takes itself
     * for it, too, and one that is frozen answers nothing.
     */
    private PrimaryServer.Reached newest() throws SQLException {
        if (hosts.size() == 1) {
            try {
                return hosts.getFirst().connect();
            } catch (SQLException e) {
                breakIfNobodyAnswers(List.of(e));
                throw e;
            }
        }
        BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
        hosts.forEach(host -> Thread.startVirtualThread(() -> answers.add(ask(host))));
        PrimaryServer.Reached best = null;
        List<Answer.Failed> failures = new ArrayList<>();
        for (int i = 1; i <= hosts.size(); i++) {
            switch (next(answers, best)) {
                case Answer.Found(PrimaryServer.Reached reached) -> {
                    if (best == null || reached.server().timeline() > best.server().timeline()) {
                        close(best);
                        best = reached;
                    } else {
                        close(reached);
                    }
                    if (isNewerThanAllKnown(best.server())) {
                        closeLater(answers, hosts.size() - i);
                        return best;
                    }
                }
                case Answer.Failed f -> failures.add(f);
            }
        }
        if (best != null) {
            return best;
        }
        breakIfNobodyAnswers(failures.stream().map(Answer.Failed::error).toList());
        throw together(failures);
    }

    private static Answer ask(PostgresHost host) {
        try {
            return new Answer.Found(host.connect());
        } catch (SQLException e) {
            return new Answer.Failed(host, e);
        } catch (RuntimeException e) {
            return new Answer.Failed(host, new SQLException(e.toString(), "08001", e));
        }
    }

    private static Answer next(BlockingQueue<Answer> answers, PrimaryServer.@Nullable Reached best)
            throws SQLException {
        try {
            return answers.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close(best);
            throw new SQLException("interrupted while the primary was looked for", "08001", e);
        }
    }

    private static void closeLater(BlockingQueue<Answer> answers, int count) {
        Thread.startVirtualThread(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    if (answers.take() instanceof Answer.Found(PrimaryServer.Reached reached)) {
                        close(reached);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void close(PrimaryServer.@Nullable Reached reached) {
        if (reached != null) {
            PostgresHost.closeQuietly(reached.connection());
        }
    }

    private boolean isNewerThanAllKnown(PrimaryServer server) {
        PrimaryServer known = current;
        return known != null && server.timeline() > known.timeline();
    }

    private static SQLException together(List<Answer.Failed> failures) {
        var text = new StringBuilder("none of its hosts is a primary that can be reached:");
        String state = "08001";
        for (Answer.Failed failed : failures) {
            text.append(' ')
                    .append(failed.host.name())
                    .append(": ")
                    .append(PostgresHost.firstLine(failed.error))
                    .append(';');
            String its = failed.error.getSQLState();
            if (its != null && its.startsWith("28")) {
                state = its;
            }
        }
        text.setLength(text.length() - 1);
        var error = new SQLException(text.toString(), state);
        failures.forEach(failed -> error.addSuppressed(failed.error));
        return error;
    }

    private Connection accept(PrimaryServer.Reached reached) throws SQLException {
        PrimaryServer server = reached.server();
        PrimaryServer known;
        boolean another;
        List<Connection> former = List.of();
        synchronized (open) {
            known = current;
            if (known != null && server.timeline() < known.timeline()) {
                close(reached);
                throw new SQLException(server.host().name() + " is a former primary: it is on timeline "
                        + server.timeline() + ", and the primary on " + known.timeline(), "25006");
            }
            open.removeIf(PrimarySource::isClosed);
            another = known == null || !known.isSame(server);
            if (another && known != null) {
                former = List.copyOf(open);
                open.clear();
                switches++;
            }
            current = server;
            open.add(reached.connection());
        }
        if (another) {
            server.warn(hosts.size() > 1, reached.connection());
        }
        if (another && known != null) {
            LOG.warn("the primary is another now, {} on timeline {}: {} connections to the former one are given up",
                    server.host().name(), server.timeline(), former.size());
            breakOff(former);
            listener.run();
        }
        return reached.connection();
    }

    /** A server that is there but has no room, or refuses the login, still answers on the connections that it has. */
    private void breakIfNobodyAnswers(List<SQLException> errors) {
        if (doubtful && errors.stream().allMatch(e -> e.getSQLState() != null && e.getSQLState().startsWith("08"))) {
            List<Connection> all;
            synchronized (open) {
                all = List.copyOf(open);
                open.clear();
            }
            breakOff(all);
        }
    }

    /** Beside the caller, for TLS says goodbye before it closes. */
    private static void breakOff(List<Connection> connections) {
        for (Connection connection : connections) {
            Thread.startVirtualThread(() -> {
                try {
                    connection.abort(Runnable::run);
                } catch (SQLException e) {
                    LOG.debug("a connection was closed already: {}", e.getMessage());
                }
            });
        }
    }

    private static boolean isClosed(Connection connection) {
        try {
            return connection.isClosed();
        } catch (SQLException e) {
            return true;
        }
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the login is in files");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {
        // Nothing is written.
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // Each host has its own.
    }

    /** The pool waits for as long as it ends. */
    @Override
    public int getLoginTimeout() {
        return LOGIN_SECONDS;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("this is no " + type.getName());
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
