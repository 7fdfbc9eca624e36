package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;

/**
 * Where an organization is told what became of its mail.
 *
 * @param url        https, or http where the installation allows it
 * @param signingKey of Standard Webhooks
 * @param tls        how an https URL is spoken to; empty for with the system's authorities
 */
public record Webhook(String url, String signingKey,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<TlsSettings> tls) {

    @JsonCreator
    public Webhook {}

    /** A receiver whose certificate is of one of the system's authorities. */
    public Webhook(String url, String signingKey) {
        this(url, signingKey, Optional.empty());
    }

    @Override
    public String toString() {
        return "Webhook[" + url + tls.map(settings -> ", tls=" + settings).orElse("") + "]";
    }
}
