package dev.postrider.plan;

import dev.postrider.route.ResourceKey;
import dev.postrider.route.TestMail;
import java.util.Optional;

/**
 * A test mail to be sent now.
 *
 * @param organization that wants to know; empty for the server's own test
 * @param mail        the mail and the server
 * @param fingerprint identifies the settings that are tested
 * @param request     the value of the annotation postrider.dev/test-send that asked for it
 */
public record TestOrder(Optional<ResourceKey> organization, TestMail mail, String fingerprint,
        Optional<String> request) {

    /** The resource that wants to know. */
    public ResourceKey requester() {
        return organization.orElse(mail.server().key());
    }
}
