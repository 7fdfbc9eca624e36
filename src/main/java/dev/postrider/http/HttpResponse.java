package dev.postrider.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An answer.
 *
 * @param headers but Date, Connection and Content-Length, which are added to them
 * @param body    empty for 304
 */
public record HttpResponse(int status, Map<String, String> headers, Optional<Body> body) {

    /** What is sent behind the header. */
    public interface Body extends AutoCloseable {
        /** No octets. */
        Body NONE = new Octets(new byte[0]);

        /** Octets that it has. */
        long length();

        /**
         * Writes all of it; not called for HEAD.
         *
         * @throws IOException if the client is gone or too slow
         */
        void writeTo(OutputStream out) throws IOException;

        /** Called once, whether it was written or not. */
        @Override
        default void close() throws IOException {}
    }

    private static final class Octets implements Body {
        private final byte[] octets;

        Octets(byte[] octets) {
            this.octets = octets;
        }

        @Override
        public long length() {
            return octets.length;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            out.write(octets);
        }
    }

    public HttpResponse {
        headers = Map.copyOf(headers);
    }

    /** With a text in UTF-8. */
    public static HttpResponse of(int status, String type, String text) {
        return new HttpResponse(status, Map.of("Content-Type", type),
                Optional.of(new Octets(text.getBytes(StandardCharsets.UTF_8))));
    }

    /** With a line of plain text. */
    public static HttpResponse text(int status, String line) {
        return of(status, "text/plain; charset=utf-8", line + "\n");
    }

    /** With more header fields, which replace others of the same name. */
    public HttpResponse with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.putAll(more);
        return new HttpResponse(status, all, body);
    }
}
