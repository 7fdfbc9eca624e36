package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that are not needed any more go some at a time, on each database. */
@Tag("relay")
@ParameterizedClass
@EnumSource
final class OldRowsTest {
    enum Store {
        SQLITE, POSTGRESQL
    }

    private static final String FORGET = "received <= ? ORDER BY received";

    private final Store store;

    @TempDir
    Path directory;

    OldRowsTest(Store store) {
        this.store = store;
    }

    private Connection connectToTables() throws Exception {
        if (store == Store.SQLITE) {
            SqlQueue.openSqlite(directory, QueueLimits.DEFAULT, InstantSource.system()).close();
            return DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("queue.sqlite"));
        }
        String database = PostgresServer.shared().newDatabase();
        SqlQueue.openPostgres(
                new PostgresLocation(PostgresServer.shared().url(database),
                        Optional.of(PostgresServer.credentials(directory))),
                QueueLimits.DEFAULT, InstantSource.system()).close();
        return PostgresServer.shared().connect(database);
    }

    @Test
    void eachStatementRemovesTheOldestThousandAndNothingThatIsNeeded() throws Exception {
        try (Connection connection = connectToTables()) {
            connection.setAutoCommit(false);
            try (var insert = connection.prepareStatement("INSERT INTO submission"
                    + " (organization, idempotency_key, message, received) VALUES ('shop/orders', ?, 'm', ?)")) {
                for (int i = 1; i <= 2600; i++) {
                    insert.setString(1, "key" + i);
                    insert.setLong(2, i);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            List<String> steps = new ArrayList<>();
            try (var delete = connection.prepareStatement(
                    OldRows.delete(connection, "submission", "organization, idempotency_key", FORGET));
                    var left = connection.prepareStatement("SELECT count(*), min(received) FROM submission")) {
                delete.setLong(1, 2500);
                for (int i = 0; i < 4; i++) {
                    int removed = delete.executeUpdate();
                    try (var row = left.executeQuery()) {
                        row.next();
                        steps.add(removed + " removed, " + row.getLong(1) + " left from " + row.getLong(2));
                    }
                }
            }
            assertThat(steps).containsExactly(
                    "1000 removed, 1600 left from 1001",
                    "1000 removed, 600 left from 2001",
                    "500 removed, 100 left from 2501",
                    "0 removed, 100 left from 2501");
        }
    }
}
