package dev.postrider.route;

/**
 * Where an organization is told what became of its mail.
 *
 * @param url        https, or http where the installation allows it
 * @param signingKey of Standard Webhooks
 */
public record Webhook(String url, String signingKey) {
    @Override
    public String toString() {
        return "Webhook[" + url + "]";
    }
}
