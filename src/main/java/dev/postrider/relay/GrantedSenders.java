package dev.postrider.relay;

import dev.postrider.relay.delivery.GlobalSenders;
import dev.postrider.relay.queue.QueuedMessage;
import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.OrganizationRoute;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * Holds queued mail, the relay's own reports included, against what is granted to its organization now: the envelope
 * sender and the header, as at submission.
 */
record GrantedSenders(Routes routes) implements GlobalSenders {
    private static final int BLOCK = 8192;

    @Override
    public Optional<String> refusal(QueuedMessage message) {
        Optional<OrganizationRoute> route = routes.organization(message.organization());
        // It went while this message had its turn: what was granted to it is not known any more.
        return route.isEmpty()
                ? Optional.of("organization " + message.organization() + " is not known here any more")
                : route.flatMap(SenderIdentity::leaving).flatMap(identity -> refusal(message, identity));
    }

    private static Optional<String> refusal(QueuedMessage message, SenderIdentity identity) {
        if (!identity.allowsEnvelope(message.sender())) {
            return Optional.of(identity.refusal("the envelope sender", List.of(CanonicalAddress.of(message.sender())))
                    .text());
        }
        var header = new SenderFields(OutputStream.nullOutputStream(), identity, false);
        try (InputStream content = message.content().open()) {
            byte[] block = new byte[BLOCK];
            int count = content.read(block);
            while (count >= 0 && !header.isOver()) {
                header.write(block, 0, count);
                count = content.read(block);
            }
            header.finish();
            return Optional.empty();
        } catch (RefusedException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Optional.of("its header cannot be read: " + e.getMessage());
        }
    }
}
