package dev.postrider.relay.links;

import dev.postrider.route.ResourceKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Downloads under way: so many at a time, and half of them at most of one organization. Safe for threads. */
final class Transfers {
    private final int most;
    private final Map<ResourceKey, Integer> underWay = new HashMap<>();
    private int all;

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
        if (all >= most || ofOrganization >= Math.ceilDiv(most, 2)) {
            return Optional.empty();
        }
        all++;
        underWay.put(organization, ofOrganization + 1);
        return Optional.of(new Transfer(organization));
    }

    private synchronized void end(ResourceKey organization) {
        all--;
        underWay.computeIfPresent(organization, (_, count) -> count == 1 ? null : Integer.valueOf(count - 1));
    }
}
