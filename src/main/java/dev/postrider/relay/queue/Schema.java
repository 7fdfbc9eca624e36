package dev.postrider.relay.queue;

import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationVersion;

/** Brings a database to the tables that this version works with. One set of scripts serves all databases. */
final class Schema {
    private static final String SCRIPTS = "classpath:dev/postrider/relay/queue/schema";

    private Schema() {}

    /**
     * @param database   what to call it in messages
     * @param dialect    values for the placeholders of the scripts
     * @throws QueueException if the database is of a later version, or its tables are not as the scripts left them
     * @throws SQLException   if it cannot be reached or written
     */
    static void migrate(DataSource source, String database, Map<String, String> dialect)
            throws QueueException, SQLException {
        try {
            Flyway flyway = Flyway.configure(Schema.class.getClassLoader())
                    .dataSource(source)
                    .locations(SCRIPTS)
                    .failOnMissingLocations(true)
                    .placeholders(dialect)
                    .table("schema_history")
                    // A later version's tables are refused, not ignored.
                    .ignoreMigrationPatterns(new String[0])
                    .load();
            refuseLater(flyway, database);
            flyway.migrate();
        } catch (FlywayException e) {
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof SQLException sql) {
                    throw sql;
                }
            }
            throw new QueueException(database + " cannot be brought to the tables of this version: " + e.getMessage(),
                    e);
        }
    }

    private static void refuseLater(Flyway flyway, String database) throws QueueException {
        var applied = flyway.info().applied();
        MigrationVersion last = applied.length == 0 ? MigrationVersion.EMPTY : applied[applied.length - 1].getVersion();
        var resolved = flyway.info().all();
        for (var migration : resolved) {
            if (migration.getState().isApplied() && !migration.getState().isResolved()) {
                throw new QueueException(database + " has tables of version " + last
                        + ", which this version of Postrider does not know; run the version that wrote them");
            }
        }
    }
}
