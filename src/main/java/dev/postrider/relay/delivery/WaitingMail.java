package dev.postrider.relay.delivery;

import dev.postrider.relay.queue.QueueView.Entry;
import dev.postrider.relay.queue.QueueView.Recipient;
import dev.postrider.relay.queue.QueueView.State;
import dev.postrider.relay.queue.Waiting;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.Routing;
import dev.postrider.route.ServerRoute;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Says why mail is not tried: for its organization, for want of a server, or for want of a place at one. By what this
 * relay knows; another that shares the queue may have a place.
 */
final class WaitingMail implements Waiting {
    private final Routes routes;
    private final Turns turns;
    private final InstantSource clock;

    WaitingMail(Routes routes, Turns turns, InstantSource clock) {
        this.clock = clock;
        this.routes = routes;
        this.turns = turns;
    }

    @Override
    public Map<String, Reason> of(List<Entry> messages) {
        Set<String> inMemory = turns.inMemory(messages.stream()
                .filter(message -> message.state() == State.ACTIVE)
                .map(Entry::organization)
                .collect(Collectors.toSet()));
        Map<String, Reason> reasons = new HashMap<>();
        for (Entry message : messages) {
            boolean waits = switch (message.state()) {
                case QUEUED, DEFERRED -> true;
                // What is read ahead counts as active, and may wait for long for a place.
                case ACTIVE -> inMemory.contains(message.id());
                case HELD -> false;
            };
            if (waits) {
                of(message).ifPresent(reason -> reasons.put(message.id(), reason));
            }
        }
        return reasons;
    }

    private Optional<Reason> of(Entry message) {
        Optional<OrganizationRoute> organization = routes.organization(message.organization());
        if (organization.isEmpty()) {
            return Optional.of(new Reason(routes.isComplete()
                    ? "this organization is not there any more; its mail is removed once it has expired"
                    : "the relay has just started and does not know every organization yet"));
        }
        if (organization.get().state() == OrganizationRoute.State.DROPPING) {
            return Optional.of(new Reason(
                    "this organization is being deleted with its mail (spec.queuedMailOnDeletion: Drop)"));
        }
        return routes.routing(message.organization()).flatMap(routing -> switch (routing) {
            case Routing.Nowhere nowhere -> Optional.of(new Reason(nowhere.reason()));
            case Routing.Through through -> of(message, through);
        });
    }

    private Optional<Reason> of(Entry message, Routing.Through through) {
        List<ServerRoute> servers = through.servers()
                .stream()
                .filter(server -> server.endpoint().wantsSubmitter() == message.ofSubmitter())
                .toList();
        if (servers.isEmpty()) {
            return Optional.of(new Reason(message.ofSubmitter()
                    ? "no mail server is active that takes mail with the login of whoever submitted it"
                    : "all active mail servers of this organization want the login of whoever submits"));
        }
        Optional<Instant> due = message.recipients()
                .stream()
                .map(Recipient::next)
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder());
        return due.flatMap(time -> overLimit(message, time))
                .or(() -> due.flatMap(time -> turns.closed(servers, message.organization().namespace(), time)));
    }

    /** What was never tried and is not due yet is more than its organization may send now. */
    private Optional<Reason> overLimit(Entry message, Instant due) {
        boolean untried = message.recipients()
                .stream()
                .allMatch(recipient -> recipient.attempts() == 0 && recipient.lastReply().isEmpty());
        return routes.organization(message.organization())
                .flatMap(OrganizationRoute::quota)
                .filter(_ -> untried && due.isAfter(clock.instant()))
                .map(quota -> new Reason("this organization may send " + quota.limits()
                        .stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(", ")) + ", and this message is more", Optional.of(due)));
    }
}
