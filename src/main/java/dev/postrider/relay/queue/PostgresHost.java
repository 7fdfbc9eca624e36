package dev.postrider.relay.queue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One host of a queue's URL. Each connection is made with the login that is in the files at that moment. */
final class PostgresHost {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresHost.class);

    private final String name;
    private final PGSimpleDataSource source;
    private final Optional<Path> credentials;
    private final int socketMillis;

    /**
     * @param name         host and port, for messages
     * @param source       whose timeouts are those of connecting
     * @param credentials  a directory with the files {@code username} and {@code password}
     * @param socketMillis how long an answer may take after the login; 0 for ever
     */
    PostgresHost(String name, PGSimpleDataSource source, Optional<Path> credentials, int socketMillis) {
        this.name = name;
        this.source = source;
        this.credentials = credentials;
        this.socketMillis = socketMillis;
    }

    String name() {
        return name;
    }

    /** @throws SQLException if it cannot be reached, refuses the login, or takes no writes (25006) */
    PrimaryServer.Reached connect() throws SQLException {
        Connection connection = credentials.isPresent()
                ? source.getConnection(read("username"), read("password"))
                : source.getConnection();
        boolean done = false;
        try {
            PrimaryServer server = PrimaryServer.of(this, connection);
            connection.setNetworkTimeout(Runnable::run, socketMillis);
            done = true;
            return new PrimaryServer.Reached(server, connection);
        } finally {
            if (!done) {
                closeQuietly(connection);
            }
        }
    }

    private String read(String file) throws SQLException {
        Path path = credentials.orElseThrow().resolve(file);
        try {
            return Files.readString(path).strip();
        } catch (IOException e) {
            // 28000: no authorization.
            throw new SQLException("the login of the queue's database cannot be read from " + path, "28000", e);
        }
    }

    static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("a connection was closed already: {}", e.getMessage());
        }
    }

    /** The rest may tell of content. */
    static String firstLine(SQLException e) {
        return Optional.ofNullable(e.getMessage()).orElse("").lines().findFirst().orElse("no reason given");
    }
}
