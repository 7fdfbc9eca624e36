package dev.postrider.relay.admin;

import java.util.Map;

/** What a page answers. */
record Answer(int status, String type, String body, Map<String, String> headers) {

    static Answer text(int status, String body) {
        return new Answer(status, "text/plain; charset=utf-8", body + "\n", Map.of());
    }

    static Answer json(String body) {
        return new Answer(200, "application/json", body + "\n", Map.of());
    }
}
