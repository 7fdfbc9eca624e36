package dev.postrider.relay.queue;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where a queue on PostgreSQL is. TLS with a verified name unless the URL says otherwise.
 *
 * @param url         {@code postgresql://host:port/database?parameter=value}, with the parameters of the JDBC driver and
 *                    without a login; up to ten hosts, with commas between them, of which the primary is used
 * @param credentials a directory with the files {@code username}, {@code password} and, for a CA of its own,
 *                    {@code ca.crt}; read at each connection
 */
public record PostgresLocation(String url, Optional<Path> credentials) {
    private static final int PORT = 5432;
    private static final Set<String> TARGETS = Set.of("primary", "master", "any");
    private static final int MOST_HOSTS = 10;
    private static final int CONNECT_SECONDS = 3;

    /** How long an answer may take, unless the URL says otherwise. */
    static final int SOCKET_SECONDS = 30;

    /** The hosts are read here: those of IPv6 with commas between them are no authority to {@link URI}. */
    private static final Pattern FORM = Pattern.compile("postgresql://(?<hosts>[^/?#]+)(?<rest>/[^/?#]+([?].*)?)");

    /** A name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
    private static final Pattern HOST = Pattern
            .compile("(?<name>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>[0-9]{1,5}))?");

    private record Host(String name, int port) {}

    /** @param rest path and query, decoded where they are asked for */
    private record Parts(String hosts, URI rest) {
        static Parts of(String url) {
            Matcher parts = FORM.matcher(url);
            if (!parts.matches()) {
                throw new IllegalArgumentException(
                        "the queue's URL must be postgresql://host:port/database, with ?parameter=value if needed, or "
                                + "postgresql://host:port,host:port/database");
            }
            try {
                return new Parts(parts.group("hosts"), new URI(parts.group("rest")));
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException("the queue's URL cannot be read: " + e.getReason(), e);
            }
        }
    }

    /** @throws IllegalArgumentException if the URL is none; the message says what is allowed */
    public PostgresLocation {
        Parts parts = Parts.of(url);
        String query = Optional.ofNullable(parts.rest.getQuery()).orElse("");
        if (parts.hosts.contains("@") || ("&" + query).matches("(?s).*&(user|password)=.*")) {
            throw new IllegalArgumentException("the queue's URL must not hold a login: "
                    + "it belongs into the files username and password of the credentials' directory");
        }
        hosts(parts.hosts);
        Matcher target = Pattern.compile("&targetServerType=([^&]*)").matcher("&" + query);
        while (target.find()) {
            if (!TARGETS.contains(target.group(1))) {
                throw new IllegalArgumentException("the queue's URL has targetServerType=" + target.group(1)
                        + ", but a queue is written: allowed is targetServerType=primary, which holds without it, too");
            }
        }
    }

    private static List<Host> hosts(String commaSeparated) {
        List<Host> hosts = new ArrayList<>();
        for (String text : commaSeparated.split(",", -1)) {
            Matcher host = HOST.matcher(text);
            int port = !host.matches() ? 0 : host.group("port") == null ? PORT : Integer.parseInt(host.group("port"));
            if (port < 1 || port > 65535) {
                throw new IllegalArgumentException(
                        "'%s' is not a valid host of the queue's URL: use host:port, or [fd00::1]:5432"
                                .formatted(text));
            }
            hosts.add(new Host(host.group("name"), port));
        }
        if (hosts.size() > MOST_HOSTS) {
            throw new IllegalArgumentException("the queue's URL has " + hosts.size() + " hosts: allowed are "
                    + MOST_HOSTS);
        }
        return hosts;
    }

    /** Host and database, for messages. */
    public String name() {
        Parts parts = Parts.of(url);
        return "database " + parts.hosts + parts.rest.getPath();
    }

    /** Makes connections to the primary, each with the login that is in the files at that moment. */
    PrimarySource source() {
        return new PrimarySource(hosts(Parts.of(url).hosts).stream().map(this::host).toList());
    }

    private PostgresHost host(Host host) {
        PGSimpleDataSource source = driver();
        int socketSeconds = source.getSocketTimeout();
        // While it logs in. What is frozen takes connections, and says nothing on them.
        source.setSocketTimeout(CONNECT_SECONDS);
        source.setServerNames(new String[]{host.name});
        source.setPortNumbers(new int[]{host.port});
        return new PostgresHost(host.name + ":" + host.port, source, credentials,
                Math.toIntExact(Duration.ofSeconds(socketSeconds).toMillis()));
    }

    private PGSimpleDataSource driver() {
        var source = new PGSimpleDataSource();
        source.setConnectTimeout(CONNECT_SECONDS);
        source.setLoginTimeout(PrimarySource.LOGIN_SECONDS);
        source.setSocketTimeout(SOCKET_SECONDS);
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
        source.setApplicationName("postrider");
        source.setUrl("jdbc:" + url);
        // Which one is the primary is found out here; so is which of two is the former one.
        source.setTargetServerType("any");
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
}
