package dev.postrider.http;

import java.io.IOException;

/** Answers requests. Called by many threads. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Answers a request.
     *
     * @throws IOException if there is no answer; the client gets 500
     */
    HttpResponse answer(HttpRequest request) throws IOException;
}
