package dev.postrider.relay.queue;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where a queue on PostgreSQL is. TLS with a verified name unless the URL says otherwise.
 *
 * @param url         {@code postgresql://host:port/database?parameter=value}, with the parameters of the JDBC driver and
 *                    without a login
 * @param credentials a directory with the files {@code username}, {@code password} and, for a CA of its own,
 *                    {@code ca.crt}; read at each connection
 */
public record PostgresLocation(String url, Optional<Path> credentials) {
    private static final String SCHEME = "postgresql";
    private static final int CONNECT_SECONDS = 5;
    private static final int SOCKET_SECONDS = 30;

    /** @throws IllegalArgumentException if the URL is none; the message says what is allowed */
    public PostgresLocation {
        URI uri = uri(url);
        String query = Optional.ofNullable(uri.getQuery()).orElse("");
        if (!SCHEME.equals(uri.getScheme()) || uri.getRawAuthority() == null || uri.getPath().length() < 2) {
            throw new IllegalArgumentException(
                    "the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed");
        }
        if (uri.getRawAuthority().contains("@") || ("&" + query).matches("(?s).*&(user|password)=.*")) {
            throw new IllegalArgumentException("the queue's URL must not hold a login: "
                    + "it belongs into the files username and password of the credentials' directory");
        }
    }

    private static URI uri(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("the queue's URL cannot be read: " + e.getReason(), e);
        }
    }

    /** Host and database, for messages. */
    public String name() {
        URI uri = uri(url);
        return "database " + uri.getRawAuthority() + uri.getPath();
    }

    /** Makes connections, each with the login that is in the files at that moment. */
    PGSimpleDataSource source() {
        var source = new LoginFromFiles(credentials);
        source.setConnectTimeout(CONNECT_SECONDS);
        source.setLoginTimeout(2 * CONNECT_SECONDS);
        source.setSocketTimeout(SOCKET_SECONDS);
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
        source.setApplicationName("postrider");
        source.setUrl("jdbc:" + url);
        if (source.getSslmode() == null) {
            source.setSslmode("verify-full");
        }
        if (source.getSslmode().startsWith("verify") && source.getSslRootCert() == null) {
            Optional<Path> ca = credentials.map(files -> files.resolve("ca.crt")).filter(Files::exists);
            if (ca.isPresent()) {
                source.setSslRootCert(ca.get().toString());
            } else {
                source.setSslfactory("org.postgresql.ssl.DefaultJavaSSLFactory");
            }
        }
        return source;
    }

    private static final class LoginFromFiles extends PGSimpleDataSource {
        private static final long serialVersionUID = 1L;

        private final transient Optional<Path> credentials;

        LoginFromFiles(Optional<Path> credentials) {
            this.credentials = credentials;
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (credentials.isEmpty()) {
                return super.getConnection();
            }
            return getConnection(read("username"), read("password"));
        }

        private String read(String name) throws SQLException {
            Path file = credentials.orElseThrow().resolve(name);
            try {
                return Files.readString(file).strip();
            } catch (IOException e) {
                // 28000: no authorization.
                throw new SQLException("the login of the queue's database cannot be read from " + file, "28000", e);
            }
        }
    }
}
