package dev.postrider.relay.links;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.postrider.relay.links.Transfers.Transfer;
import dev.postrider.relay.queue.KeptAttachment;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives attachments to whoever has a link: {@code https://host/token/name}, by GET and HEAD, whole or in a range (RFC
 * 9110 section 14). What a link does not lead to is 404 alike, whether the token is unknown or was asked for at another
 * host or by another name than its own. One that has expired is 410, to tell its reader to ask for the file again; nobody else learns that,
 * since a token cannot be guessed.
 */
public final class Downloads implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);
    private static final int BLOCK = 64 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern PATH = Pattern
            .compile("(?<prefix>(/[^/]+)*)/(?<token>[A-Za-z0-9_-]{43})/(?<name>[^/]*)");
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Links links;
    private final Predicate<ResourceKey> known;
    private final Transfers transfers;

    /**
     * Opens the port and answers.
     *
     * @param address with port 0 for one that the system chooses
     * @param tls     what to encrypt with, asked at each connection; empty for plain HTTP
     * @param known   which organizations there are
     * @throws IOException if the address cannot be had
     */
    public Downloads(InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls, Links links,
            LinkSettings settings, Predicate<ResourceKey> known) throws IOException {
        this(address, tls, links, settings.mostDownloads(), known, PATIENCE);
    }

    Downloads(InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls, Links links, int most,
            Predicate<ResourceKey> known, Duration patience) throws IOException {
        this.links = links;
        this.known = known;
        try {
            this.server = tls.isPresent() ? encrypted(address, tls.get()) : HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        this.transfers = new Transfers(most, patience);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    private static HttpServer encrypted(InetSocketAddress address, Supplier<Optional<SSLContext>> tls)
            throws IOException {
        try {
            HttpsServer https = HttpsServer.create(address, 0);
            https.setHttpsConfigurator(new HttpsConfigurator(LiveTls.of(tls)));
            return https;
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("this Java has no TLS", e);
        }
    }

    /** The port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Headers headers = exchange.getResponseHeaders();
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
            headers.set("Cache-Control", "private, no-store");
            headers.set("Referrer-Policy", "no-referrer");
            headers.set("X-Robots-Tag", "noindex");
            if (!exchange.getRequestMethod().equals("GET") && !isHead(exchange)) {
                headers.set("Allow", "GET, HEAD");
                say(exchange, 405, "Only GET and HEAD are answered.");
                return;
            }
            try {
                lookUp(exchange);
            } catch (LinksException e) {
                LOG.error("a download failed: {}", e.getMessage());
                headers.remove("Content-Disposition");
                headers.remove("Content-Range");
                headers.set("Retry-After", "60");
                say(exchange, 503, "This attachment cannot be read now. Try again in a minute.");
            }
        }
    }

    private void lookUp(HttpExchange exchange) throws IOException, LinksException {
        Optional<KeptAttachment> found = find(exchange);
        if (found.isPresent() && links.isExpired(found.get())) {
            say(exchange, 410, "This attachment could be downloaded until " + DAY.format(found.get().expires())
                    + ". Ask the sender for it.");
        } else if (found.isPresent() && links.isOffered(found.get())) {
            offer(exchange, found.get());
        } else {
            say(exchange, 404, "There is nothing here.");
        }
    }

    private Optional<KeptAttachment> find(HttpExchange exchange) throws LinksException {
        Matcher path = PATH.matcher(Optional.ofNullable(exchange.getRequestURI().getRawPath()).orElse(""));
        if (!path.matches()) {
            return Optional.empty();
        }
        String host = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Host")).orElse("");
        String asked = host.toLowerCase(Locale.ROOT).replaceFirst(":443$", "") + path.group("prefix");
        return links.find(path.group("token"))
                .filter(attachment -> attachment.host().equals(asked) && known.test(attachment.organization())
                        && attachment.name().equals(decoded(path.group("name"))));
    }

    /** A segment of a path, which clients may encode in another way than the link does (RFC 3986 section 6.2.2). */
    private static String decoded(String segment) {
        String path = URI.create("/" + segment).getPath();
        return Normalizer.normalize(path.substring(1), Normalizer.Form.NFC);
    }

    private void offer(HttpExchange exchange, KeptAttachment attachment) throws IOException, LinksException {
        Headers headers = exchange.getResponseHeaders();
        String tag = "\"" + attachment.sha256() + "\"";
        headers.set("Accept-Ranges", "bytes");
        headers.set("ETag", tag);
        if (names(exchange, "If-None-Match", tag)) {
            exchange.sendResponseHeaders(304, -1);
            return;
        }
        Optional<ByteRange> range;
        try {
            range = range(exchange, attachment, tag);
        } catch (ByteRange.UnsatisfiableException e) {
            headers.set("Content-Range", "bytes */" + attachment.size());
            say(exchange, 416, "That range is not there.");
            return;
        }
        headers.set("Content-Type", attachment.type());
        headers.set("Content-Disposition", FileName.asAttachment(attachment.name()));
        range.ifPresent(part -> headers.set("Content-Range", part.of(attachment.size())));
        ByteRange wanted = range.orElse(new ByteRange(0, attachment.size()));
        if (isHead(exchange) || wanted.length() == 0) {
            headers.set("Content-Length", Long.toString(wanted.length()));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        Optional<Transfer> place = transfers.begin();
        if (place.isEmpty()) {
            headers.remove("Content-Disposition");
            headers.remove("Content-Range");
            headers.set("Retry-After", "10");
            say(exchange, 503, "Too many downloads at once. Try again in a moment.");
            return;
        }
        try (Transfer transfer = place.get(); InputStream in = links.read(attachment, wanted)) {
            exchange.sendResponseHeaders(range.isPresent() ? 206 : 200, wanted.length());
            copy(in, exchange.getResponseBody(), transfer);
        } catch (IOException e) {
            tell(attachment, wanted, exchange, "aborted");
            throw e;
        }
        tell(attachment, wanted, exchange, "downloaded");
    }

    private static void copy(InputStream in, OutputStream out, Transfer transfer) throws IOException {
        byte[] block = new byte[BLOCK];
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            out.write(block, 0, count);
            transfer.next();
        }
        out.close();
    }

    /** HEAD knows no ranges (RFC 9110 section 14.2); another version than the client's is sent whole (13.1.5). */
    private static Optional<ByteRange> range(HttpExchange exchange, KeptAttachment attachment, String tag)
            throws ByteRange.UnsatisfiableException {
        String field = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        return field == null || isHead(exchange) || condition != null && !condition.strip().equals(tag)
                ? Optional.empty()
                : ByteRange.of(field, attachment.size());
    }

    private static boolean names(HttpExchange exchange, String field, String tag) {
        String tags = exchange.getRequestHeaders().getFirst(field);
        return tags != null && Arrays.stream(tags.split(",", -1))
                .map(one -> one.strip().replaceFirst("^W/", ""))
                .anyMatch(one -> one.equals(tag) || one.equals("*"));
    }

    private static boolean isHead(HttpExchange exchange) {
        return exchange.getRequestMethod().equals("HEAD");
    }

    private static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        if (isHead(exchange)) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static void tell(KeptAttachment attachment, ByteRange range, HttpExchange exchange, String what) {
        LOG.info("{}", LogLine.of(attachment.message(), what)
                .with("organization", attachment.organization())
                .with("part", attachment.part())
                .with("offset", range.offset())
                .with("size", range.length())
                .with("client", exchange.getRemoteAddress().getAddress().getHostAddress()));
    }

    /** Breaks off what is under way. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        transfers.close();
    }
}
