package dev.postrider.relay.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.postrider.http.HttpResponse;
import java.util.Map;

/** Why a request is not done, told as RFC 9457 says. */
final class Problem extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String title;
    private final transient Map<String, String> headers;

    private Problem(int status, String title, String detail, Map<String, String> headers) {
        super(detail);
        this.status = status;
        this.title = title;
        this.headers = headers;
    }

    static Problem badRequest(String detail) {
        return new Problem(400, "Bad Request", detail, Map.of());
    }

    static Problem unauthorized(String detail) {
        // RFC 6750, section 3
        return new Problem(401, "Unauthorized", detail, Map.of("WWW-Authenticate", "Bearer"));
    }

    static Problem forbidden(String detail) {
        return new Problem(403, "Forbidden", detail, Map.of());
    }

    static Problem notFound(String detail) {
        return new Problem(404, "Not Found", detail, Map.of());
    }

    static Problem notAllowed(String method) {
        return new Problem(405, "Method Not Allowed", "only " + method + " is answered here", Map.of("Allow", method));
    }

    static Problem conflict(String detail) {
        return new Problem(409, "Conflict", detail, Map.of());
    }

    static Problem unavailable(String detail) {
        return new Problem(503, "Service Unavailable", detail, Map.of());
    }

    HttpResponse answer() {
        var json = JsonNodeFactory.instance.objectNode()
                .put("type", "about:blank")
                .put("title", title)
                .put("status", status)
                .put("detail", getMessage());
        return HttpResponse.of(status, "application/problem+json", json + "\n").with(headers);
    }
}
