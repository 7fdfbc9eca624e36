package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.LeftOut;
import dev.postrider.testing.PostgresServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that are lent, on several hosts. */
@Tag("relay")
final class PostgresDatabaseTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    /** As a primary is that was made read only before the other one takes its place: its connections stay open. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noConnectionToAServerThatTakesNoWritesAnyMoreIsLentAgain(boolean writerMeetsIt) throws Exception {
        String loopback = loopback();
        PostgresServer successor = PostgresServer.shared();
        try (var former = PostgresServer.startAt(loopback)) {
            String name = former.newDatabase();
            execute(successor, "postgres", "CREATE DATABASE " + name,
                    "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
            String url = "postgresql://%s:%d,127.0.0.1:%d/%s?sslmode=disable".formatted(
                    loopback.contains(":") ? "[" + loopback + "]" : loopback, former.port(), successor.port(), name);
            try (var database = PostgresDatabase.open(
                    new PostgresLocation(url, Optional.of(PostgresServer.credentials(directory))))) {
                try (Connection lent = database.borrow();
                        Statement statement = lent.createStatement();
                        var writer = new GroupCommit(database)) {
                    try (Connection idle = database.borrow()) {
                        assertThat(List.of(port(lent), port(idle))).containsOnly(former.port());
                    }
                    execute(former, "postgres", "ALTER SYSTEM SET default_transaction_read_only = on",
                            "SELECT pg_reload_conf()");
                    await().atMost(SOON)
                            .until(() -> writerMeetsIt ? refusal(writer) : refusal(statement, "DELETE FROM owner"),
                                    "25006"::equals);
                }
                execute(successor, "postgres", "ALTER DATABASE " + name + " RESET default_transaction_read_only");
                List<Integer> ports = new ArrayList<>();
                await().atMost(SOON).ignoreExceptionsInstanceOf(SQLException.class).until(() -> {
                    try (Connection lent = database.borrow()) {
                        return ports.add(port(lent));
                    }
                });
                assertThat(ports).containsExactly(successor.port());

                // As one of the former's that is refused only now.
                try (Connection late = database.borrow(); Statement statement = late.createStatement()) {
                    int good = backend(database);
                    statement.execute("SET default_transaction_read_only = on");
                    assertThat(refusal(statement, "CREATE TABLE refused (id INT)")).isEqualTo("25006");
                    assertThat(backend(database)).isEqualTo(good);
                }
            }
        }
    }

    private static String loopback() {
        try (var bound = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
            return bound.isBound() ? "::1" : "127.0.0.1";
        } catch (IOException e) {
            LeftOut.note("a database at an IPv6 address", "this machine has no ::1");
            return "127.0.0.1";
        }
    }

    private static void execute(PostgresServer server, String database, String... statements) throws SQLException {
        try (Connection connection = server.connect(database); Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Its state; empty if it is not refused. */
    private static String refusal(Statement statement, String sql) {
        try {
            statement.execute(sql);
            return "";
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    private static String refusal(GroupCommit writer) {
        try {
            writer.execute(writes -> {
                try (Statement statement = writes.connection().createStatement()) {
                    statement.execute("DELETE FROM owner");
                }
            });
            return "";
        } catch (QueueException e) {
            return e.getCause() instanceof SQLException cause ? String.valueOf(cause.getSQLState()) : e.toString();
        }
    }

    /** Which of the pool's connections is lent next. */
    private static int backend(Database database) throws SQLException {
        try (Connection connection = database.borrow()) {
            return number(connection, "pg_backend_pid()");
        }
    }

    private static int port(Connection connection) throws SQLException {
        return number(connection, "inet_server_port()");
    }

    private static int number(Connection connection, String what) throws SQLException {
        try (Statement statement = connection.createStatement(); var row = statement.executeQuery("SELECT " + what)) {
            row.next();
            return row.getInt(1);
        }
    }
}
