package dev.postrider.relay.delivery;

import dev.postrider.relay.delivery.Connections.Connection;
import dev.postrider.relay.delivery.Lanes.Place;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ServerRoute;
import dev.postrider.transport.Verdict;
import java.util.Optional;

/**
 * A place at a server, given back once: with what came of an attempt, or unused when it is closed. Safe for many
 * threads.
 */
final class Visit implements AutoCloseable {
    private final Turns turns;
    private final Turn turn;
    private final Place place;
    private boolean over;

    Visit(Turns turns, Turn turn, Place place) {
        this.turns = turns;
        this.turn = turn;
        this.place = place;
    }

    ServerRoute server() {
        return place.server();
    }

    Lane lane() {
        return place.lane();
    }

    /** A connection to the server, if one may be had now. */
    Optional<Connection> connection(Optional<Credentials> submitter) {
        return place.lane().connections().take(place.server(), submitter, place.permits());
    }

    /** Whether it was given back. */
    boolean isOver() {
        synchronized (turns) {
            return over;
        }
    }

    /**
     * An attempt is over; the next may begin, before it is recorded what became of this one.
     *
     * @param failure what it says about the server, or about what the server does to this mail
     * @param open    connections to that server, of all relays, where that was asked for
     */
    void leave(Optional<Verdict.Refused> failure, int open) {
        synchronized (turns) {
            if (!over) {
                over = true;
                turn.noteOutcome(failure);
                turns.leave(place, turn.message(), failure, open);
            }
        }
    }

    /** No permit could be had for a connection. */
    void leaveWithoutPermit() {
        synchronized (turns) {
            if (!over) {
                over = true;
                turns.leaveWithoutPermit(place);
            }
        }
    }

    @Override
    public void close() {
        synchronized (turns) {
            if (!over) {
                over = true;
                turns.leaveUntried(place);
            }
        }
    }
}
