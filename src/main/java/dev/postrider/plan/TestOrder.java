package dev.postrider.plan;

import dev.postrider.route.TestMail;
import java.util.Optional;

/**
 * A test mail to be sent now.
 *
 * @param mail        the mail and the server
 * @param fingerprint identifies the settings that are tested
 * @param request     the value of the annotation postrider.dev/test-send that asked for it
 */
public record TestOrder(TestMail mail, String fingerprint, Optional<String> request) {}
