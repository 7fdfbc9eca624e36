package dev.postrider.relay.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** URLs of a queue in PostgreSQL, and what a server's settings mean for it. */
@Tag("relay")
final class PostgresLocationTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            postgresql://db/queue                                        | database db/queue
            postgresql://db-1:5432,db-2/queue?targetServerType=primary   | database db-1:5432,db-2/queue
            postgresql://postrider-queue-rw.mail.svc:5432/postrider      | database postrider-queue-rw.mail.svc:5432/postrider
            postgresql://db/queue/2                                      | the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or postgresql://host:port,host:port/database
            postgresql://[::1]:5432/queue                                | database [::1]:5432/queue
            postgresql://[::1]:5432,[::2]:5432/queue                     | database [::1]:5432,[::2]:5432/queue
            postgresql://[fd00::1],db-2:5433,10.0.0.7/queue?sslmode=disable | database [fd00::1],db-2:5433,10.0.0.7/queue
            postgresql://::1,db-2/queue                                  | '::1' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://[::1],fd00::2:5432/queue                        | 'fd00::2:5432' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://[fe80::1%eth0]/queue                            | '[fe80::1%eth0]' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://db-1,/queue                                     | '' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://db-1,db-2:0/queue                               | 'db-2:0' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://db-1:70000/queue                                | 'db-1:70000' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432
            postgresql://db//queue                                       | the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or postgresql://host:port,host:port/database
            postgresql://db//                                            | the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or postgresql://host:port,host:port/database
            postgresql://db/                                             | the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or postgresql://host:port,host:port/database
            postgresql:///queue                                          | the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or postgresql://host:port,host:port/database
            postgresql://a,b,c,d,e,f,g,h,i,j,k/queue                     | the queue's URL has 11 hosts: allowed are 10
            postgresql://db-1,db-2/queue?targetServerType=preferSecondary | the queue's URL has targetServerType=preferSecondary, but a queue is written: allowed is targetServerType=primary, which holds without it, too
            postgresql://db-1,me:sesame@db-2/queue                       | the queue's URL must not hold a login: it belongs into the files username and password of the credentials' directory
            """)
    void takesSeveralHosts(String url, String what) {
        String said;
        try {
            var location = new PostgresLocation(url, Optional.empty());
            location.source();
            said = location.name();
        } catch (IllegalArgumentException e) {
            said = e.getMessage();
        }
        assertThat(said).isEqualTo(what);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            on           | standby | true  | ''
            remote_apply | *       | true  | ''
            on           | ''      | false | ''
            on           | ''      | true  | when a standby is promoted, mail that was answered with 250 may be lost, and other mail sent twice
            local        | standby | true  | when a standby is promoted, mail that was answered with 250 may be lost, and other mail sent twice
            off          | standby | true  | mail that was answered with 250 is lost when the server crashes
            off          | ''      | false | mail that was answered with 250 is lost when the server crashes
            """)
    void warnsWhereAcknowledgedMailMayBeLost(String commit, String standbys, boolean failover, String warning) {
        Optional<String> said = PrimaryServer.weakness(commit, standbys, failover);
        assertThat(said.isPresent()).isEqualTo(!warning.isEmpty());
        assertThat(said.orElse("")).contains(warning);
    }
}
