package dev.postrider.relay.links;

import dev.postrider.http.HttpHandler;
import dev.postrider.http.HttpLimits;
import dev.postrider.http.HttpPort;
import dev.postrider.http.HttpRequest;
import dev.postrider.http.HttpResponse;
import dev.postrider.relay.links.Transfers.Transfer;
import dev.postrider.relay.queue.KeptAttachment;
import dev.postrider.relay.telemetry.LogLine;
import dev.postrider.route.ResourceKey;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.text.Normalizer;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives attachments to whoever has a link: {@code https://host/token/name}, by GET and HEAD, whole or in a range (RFC
 * 9110 section 14). What a link does not lead to is 404 alike, whether the token is unknown or was asked for at another
 * host or by another name than its own. One that has expired is 410, to tell its reader to ask for the file again;
 * nobody else learns that, since a token cannot be guessed.
 */
public final class Downloads implements HttpHandler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);
    private static final int BLOCK = 64 * 1024;
    private static final Pattern PATH = Pattern
            .compile("(?<prefix>(/[^/]+)*)/(?<token>[A-Za-z0-9_-]{43})/(?<name>[^/]*)");
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private static final Map<String, String> SAFE = Map.of("X-Content-Type-Options", "nosniff",
            "Content-Security-Policy", "sandbox; default-src 'none'", "Cache-Control", "private, no-store",
            "Referrer-Policy", "no-referrer", "X-Robots-Tag", "noindex");

    private final HttpPort port;
    private final Links links;
    private final BiPredicate<ResourceKey, String> allowed;
    private final Transfers transfers;

    /**
     * Opens the port and answers.
     *
     * @param address with port 0 for one that the system chooses
     * @param tls     what to encrypt with, asked at each connection; empty for plain HTTP
     * @param allowed whether an organization may have links at a host now
     * @throws IOException if the address cannot be had
     */
    public Downloads(InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls, Links links,
            LinkSettings settings, MeterRegistry meters, BiPredicate<ResourceKey, String> allowed) throws IOException {
        this(address, tls, links, settings.mostDownloads(), meters, allowed,
                settings.tls() ? HttpLimits.PUBLIC : HttpLimits.PUBLIC.behindProxy());
    }

    Downloads(InetSocketAddress address, Optional<Supplier<Optional<SSLContext>>> tls, Links links, int most,
            MeterRegistry meters, BiPredicate<ResourceKey, String> allowed, HttpLimits limits) throws IOException {
        this.links = links;
        this.allowed = allowed;
        this.transfers = new Transfers(most);
        this.port = HttpPort.open("links", address, tls, limits, meters, this);
    }

    /** The port it listens on. */
    public int port() {
        return port.port();
    }

    @Override
    public HttpResponse answer(HttpRequest request) {
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return say(405, "Only GET and HEAD are answered.").with(Map.of("Allow", "GET, HEAD"));
        }
        try {
            return lookUp(request);
        } catch (LinksException e) {
            LOG.error("a download failed: {}", e.getMessage());
            return say(503, "This attachment cannot be read now. Try again in a minute.")
                    .with(Map.of("Retry-After", "60"));
        }
    }

    private HttpResponse lookUp(HttpRequest request) throws LinksException {
        Optional<KeptAttachment> found = find(request);
        if (found.isPresent() && links.isExpired(found.get())) {
            return say(410, "This attachment could be downloaded until " + DAY.format(found.get().expires())
                    + ". Ask the sender for it.");
        }
        return found.isPresent() && links.isOffered(found.get())
                ? offer(request, found.get())
                : say(404, "There is nothing here.");
    }

    private Optional<KeptAttachment> find(HttpRequest request) throws LinksException {
        Matcher path = PATH.matcher(request.path());
        if (!path.matches()) {
            return Optional.empty();
        }
        // A name may end with the dot of the root (RFC 3986 section 3.2.2).
        String asked = request.authority().replaceFirst(":443$", "").replaceFirst("\\.(:|$)", "$1")
                + path.group("prefix");
        return links.find(path.group("token"))
                .filter(attachment -> attachment.host().equals(asked)
                        && allowed.test(attachment.organization(), attachment.host())
                        && decoded(path.group("name")).filter(attachment.name()::equals).isPresent());
    }

    /** A segment of a path, which clients may encode in another way than the link does (RFC 3986 section 6.2.2). */
    private static Optional<String> decoded(String segment) {
        try {
            String path = new URI("/" + segment).getPath();
            return Optional.of(Normalizer.normalize(path.substring(1), Normalizer.Form.NFC));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private HttpResponse offer(HttpRequest request, KeptAttachment attachment) throws LinksException {
        String tag = "\"" + attachment.sha256() + "\"";
        Map<String, String> headers = new HashMap<>(SAFE);
        headers.put("Accept-Ranges", "bytes");
        headers.put("ETag", tag);
        if (names(request, "If-None-Match", tag)) {
            return new HttpResponse(304, headers, Optional.empty());
        }
        Optional<ByteRange> range;
        try {
            range = range(request, attachment, tag);
        } catch (ByteRange.UnsatisfiableException e) {
            headers.put("Content-Range", "bytes */" + attachment.size());
            return say(416, "That range is not there.").with(headers);
        }
        Optional<Transfer> place = transfers.begin(attachment.organization());
        if (place.isEmpty()) {
            return say(503, "Too many downloads at once. Try again in a moment.").with(Map.of("Retry-After", "10"));
        }
        headers.put("Content-Type", attachment.type());
        headers.put("Content-Disposition", FileName.asAttachment(attachment.name()));
        range.ifPresent(part -> headers.put("Content-Range", part.of(attachment.size())));
        ByteRange wanted = range.orElse(new ByteRange(0, attachment.size()));
        return new HttpResponse(range.isPresent() ? 206 : 200, headers, Optional.of(new Content(attachment, wanted,
                request, place.get(), isHead(request) || wanted.length() == 0
                        ? InputStream.nullInputStream()
                        : opened(attachment, wanted, place.get()))));
    }

    private InputStream opened(KeptAttachment attachment, ByteRange wanted, Transfer place) throws LinksException {
        try {
            return links.read(attachment, wanted);
        } catch (LinksException | RuntimeException e) {
            place.close();
            throw e;
        }
    }

    /** What is sent of an attachment. */
    private record Content(KeptAttachment attachment, ByteRange range, HttpRequest request, Transfer place,
            InputStream in) implements HttpResponse.Body {
        @Override
        public long length() {
            return range.length();
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            byte[] block = new byte[BLOCK];
            try {
                for (int count = in.read(block); count >= 0; count = in.read(block)) {
                    out.write(block, 0, count);
                }
                out.flush();
            } catch (IOException e) {
                tell("aborted");
                throw e;
            }
            tell("downloaded");
        }

        private void tell(String what) {
            LOG.info("{}", LogLine.of(attachment.message(), what)
                    .with("organization", attachment.organization())
                    .with("part", attachment.part())
                    .with("offset", range.offset())
                    .with("size", range.length())
                    .with("client", request.client().getHostAddress()));
        }

        @Override
        public void close() throws IOException {
            try (place) {
                in.close();
            }
        }
    }

    /** HEAD knows no ranges (RFC 9110 section 14.2); another version than the client's is sent whole (13.1.5). */
    private static Optional<ByteRange> range(HttpRequest request, KeptAttachment attachment, String tag)
            throws ByteRange.UnsatisfiableException {
        Optional<String> field = request.header("Range");
        return field.isEmpty() || isHead(request)
                || request.header("If-Range").filter(condition -> !condition.strip().equals(tag)).isPresent()
                        ? Optional.empty()
                        : ByteRange.of(field.get(), attachment.size());
    }

    private static boolean names(HttpRequest request, String field, String tag) {
        return request.header(field)
                .filter(tags -> Arrays.stream(tags.split(",", -1))
                        .map(one -> one.strip().replaceFirst("^W/", ""))
                        .anyMatch(one -> one.equals(tag) || one.equals("*")))
                .isPresent();
    }

    private static boolean isHead(HttpRequest request) {
        return request.method().equals("HEAD");
    }

    private static HttpResponse say(int status, String text) {
        return HttpResponse.text(status, text).with(SAFE);
    }

    /** Breaks off what is under way. */
    @Override
    public void close() {
        port.close();
    }
}
