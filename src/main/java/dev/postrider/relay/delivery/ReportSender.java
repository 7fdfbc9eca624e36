package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ServerRoute;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Whose name stands in the envelope of mail from the null sender at servers that do not take that. A bounce that comes
 * to it comes to a mailbox of the organization's, and never through the relay.
 */
record ReportSender(Routes routes) {

    /** Empty for mail that has a sender, and where none of the organization's addresses will do. */
    Optional<String> of(QueuedMessage message, ServerRoute server) {
        if (!message.sender().isEmpty()) {
            return Optional.empty();
        }
        if (message.credentials().isPresent()) {
            // The login is one person's, who gets the reports of their mail, and sends as nobody else.
            return isReport(message) ? Optional.of(message.recipients().getFirst().address()) : Optional.empty();
        }
        return routes.organization(message.organization())
                .flatMap(route -> Stream.concat(Stream.of(route.envelopeFrom()), route.from().ascii().stream())
                        .filter(address -> address.chars().allMatch(c -> c < 128))
                        .filter(mayLeave(route, server))
                        .findFirst());
    }

    /** What the relay itself has made is not counted as mail of the organization. */
    static boolean isReport(QueuedMessage message) {
        return message.sender().isEmpty() && message.countedAs().isEmpty();
    }

    private static Predicate<String> mayLeave(OrganizationRoute route, ServerRoute server) {
        return address -> !server.global()
                || route.granted().map(granted -> granted.allow(CanonicalAddress.of(address))).orElse(true);
    }
}
