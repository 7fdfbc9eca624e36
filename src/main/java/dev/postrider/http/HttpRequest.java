package dev.postrider.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/**
 * A request, without its body.
 *
 * @param authority host and port that the client asked, in lower case; empty where HTTP/1.0 names none
 * @param path      encoded, as it was sent; begins with a slash
 * @param query     encoded
 * @param fields    of the header, in their order
 * @param client    whose connection it came over; what a proxy says of others (X-Forwarded-For) is not looked at
 */
public record HttpRequest(String method, String authority, String path, Optional<String> query, List<Field> fields,
        InetAddress client) {
    /** RFC 3986 section 3.2, without credentials; an empty one is a host, too. */
    private static final Pattern AUTHORITY = Pattern.compile("([A-Za-z0-9._~%-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{0,5})?");
    private static final Pattern ABSOLUTE = Pattern.compile("(?i:https?)://(?<authority>[^/?#]*)(?<rest>[/?].*)?");

    /** A field of the header. */
    public record Field(String name, String value) {}

    /** A request as it was read, with its target as it was sent: httpcore would make a URI of it. */
    static final class Head extends BasicClassicHttpRequest {
        private static final long serialVersionUID = 1L;

        private final String target;

        Head(String method, String target) {
            super(method, "/");
            this.target = target;
        }
    }

    /**
     * Reads a header.
     *
     * @throws ProtocolException if its target or its host is not valid, or it has a body whose length is not clear
     */
    static HttpRequest of(Head head, InetAddress client) throws ProtocolException {
        boolean lengthAndCoding = head.containsHeader("Content-Length") && head.containsHeader("Transfer-Encoding");
        if (lengthAndCoding || head.countHeaders("Content-Length") > 1 || head.countHeaders("Transfer-Encoding") > 1) {
            // RFC 9112 section 6.1: somebody in between may have read it in another way.
            throw new ProtocolException("the length of the body is said twice");
        }
        Header[] hosts = head.getHeaders("Host");
        if (hosts.length > 1 || hosts.length == 0 && head.getVersion() != null
                && head.getVersion().greaterEquals(HttpVersion.HTTP_1_1)) {
            throw new ProtocolException("one Host is needed");
        }
        String host = hosts.length == 0 ? "" : hosts[0].getValue().strip();
        String target = head.target;
        var absolute = ABSOLUTE.matcher(target);
        if (absolute.matches()) {
            // RFC 9112 section 3.2.2: then Host says nothing.
            host = absolute.group("authority");
            String rest = Optional.ofNullable(absolute.group("rest")).orElse("/");
            target = rest.startsWith("/") ? rest : "/" + rest;
        }
        if (!host.isEmpty() && !AUTHORITY.matcher(host).matches() || host.isEmpty() && absolute.matches()) {
            throw new ProtocolException("the host is not valid");
        }
        if (!target.startsWith("/")) {
            throw new ProtocolException("the target is not a path");
        }
        int mark = target.indexOf('?');
        return new HttpRequest(head.getMethod(), host.toLowerCase(Locale.ROOT),
                mark < 0 ? target : target.substring(0, mark),
                mark < 0 ? Optional.empty() : Optional.of(target.substring(mark + 1)),
                Stream.of(head.getHeaders()).map(field -> new Field(field.getName(), field.getValue())).toList(),
                client);
    }

    /** The value of the first field of a name. */
    public Optional<String> header(String name) {
        return fields.stream().filter(field -> field.name.equalsIgnoreCase(name)).map(Field::value).findFirst();
    }

    /** The token that it brings, if it does (RFC 6750 section 2.1). */
    public Optional<String> bearer() {
        return header("Authorization").filter(value -> value.regionMatches(true, 0, "Bearer ", 0, "Bearer ".length()))
                .map(value -> value.substring("Bearer ".length()).strip())
                .filter(value -> !value.isEmpty());
    }

    /** Without the fields: they may hold a token. */
    @Override
    public String toString() {
        return "HttpRequest[" + method + "]";
    }
}
