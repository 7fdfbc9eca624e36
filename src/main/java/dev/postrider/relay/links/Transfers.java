package dev.postrider.relay.links;

import dev.postrider.route.ResourceKey;
import dev.postrider.transport.Shares;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Downloads under way: so many at a time, in shares by namespace, and half of them at most of one organization. Safe for
 * threads.
 */
final class Transfers {
    private final int most;
    private final Map<ResourceKey, Integer> underWay = new HashMap<>();
    private final Shares namespaces = new Shares();

    /** @param most at a time */
    Transfers(int most) {
        this.most = most;
    }

    /** A download. */
    final class Transfer implements AutoCloseable {
        private final ResourceKey organization;

        private Transfer(ResourceKey organization) {
            this.organization = organization;
        }

        @Override
        public void close() {
            end(organization);
        }
    }

    /** Begins a download; empty if there is no place for another. */
    synchronized Optional<Transfer> begin(ResourceKey organization) {
        int ofOrganization = underWay.getOrDefault(organization, 0);
        if (!namespaces.admits(organization.namespace(), 1, most) || ofOrganization >= Math.ceilDiv(most, 2)) {
            return Optional.empty();
        }
        namespaces.take(organization.namespace(), 1);
        underWay.put(organization, ofOrganization + 1);
        return Optional.of(new Transfer(organization));
    }

    private synchronized void end(ResourceKey organization) {
        namespaces.giveBack(organization.namespace(), 1);
        underWay.computeIfPresent(organization, (_, count) -> count == 1 ? null : Integer.valueOf(count - 1));
    }
}
