package dev.postrider.http;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** Answers each path by a page of its own, and all others with 404. Safe for many threads. */
public final class HttpPages implements HttpHandler {
    private final ConcurrentSkipListMap<String, HttpHandler> pages = new ConcurrentSkipListMap<>();

    /** Adds a page; of a path that ends with a slash it gets all that is below. */
    public HttpPages add(String path, HttpHandler page) {
        pages.put(path, page);
        return this;
    }

    /** A page that is only read. */
    public static HttpHandler reading(HttpHandler page) {
        return request -> request.method().equals("GET")
                ? page.answer(request)
                : HttpResponse.text(405, "only GET is answered").with(Map.of("Allow", "GET"));
    }

    @Override
    public HttpResponse answer(HttpRequest request) throws IOException {
        String path = request.path();
        HttpHandler page = Optional.ofNullable(pages.get(path))
                .or(() -> pages.entrySet()
                        .stream()
                        .filter(entry -> entry.getKey().endsWith("/") && path.startsWith(entry.getKey()))
                        .map(Map.Entry::getValue)
                        .findFirst())
                .orElse(_ -> HttpResponse.text(404, "not found"));
        return page.answer(request);
    }
}
