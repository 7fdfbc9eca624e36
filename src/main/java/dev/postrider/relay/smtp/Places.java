package dev.postrider.relay.smtp;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The places that a listener has for sessions, as {@link SmtpLimits.Sessions} says. Safe for many threads: the lock is
 * taken when a session begins, logs in and ends.
 */
final class Places {
    static final String FULL = "4.3.2 too many sessions are open, try again later";
    private static final String FULL_OF_ANONYMOUS = "4.7.0 too many sessions without a login are open, log in sooner";

    private final SmtpLimits.Sessions limits;
    private final boolean loginRequired;
    private final SharedPlaces<ByteBuffer, Place> anonymous;
    private final SharedPlaces<String, Place> loggedIn;
    private final Occupancy<String> accounts;
    private final Counter displacedAnonymous;
    private final Counter displacedLoggedIn;
    private int open;

    /** @param loginRequired whether a session without a login is good for nothing */
    Places(SmtpLimits.Sessions limits, boolean loginRequired, MeterRegistry meters) {
        this.limits = limits;
        this.loginRequired = loginRequired;
        this.anonymous = new SharedPlaces<>(loginRequired ? limits.anonymous() : limits.all());
        this.loggedIn = new SharedPlaces<>(loginRequired ? limits.loggedIn() : limits.all());
        this.accounts = new Occupancy<>(limits.account());
        this.displacedAnonymous = displaced(meters, "false");
        this.displacedLoggedIn = displaced(meters, "true");
        Gauge.builder("postrider.sessions.anonymous", this, Places::countAnonymous)
                .description("SMTP sessions that have not logged in")
                .register(meters);
    }

    private static Counter displaced(MeterRegistry meters, String loggedIn) {
        return Counter.builder("postrider.sessions.displaced")
                .description("SMTP sessions that were ended to make room for others")
                .tag("logged_in", loggedIn)
                .register(meters);
    }

    private synchronized int countAnonymous() {
        return anonymous.taken();
    }

    /** Whether there was a place. */
    sealed interface Entry {}

    /** There is none. */
    record Full(String reply) implements Entry {}

    /** Who has a place. */
    interface Occupant {
        /** Whether it waits for its client. */
        boolean isWaiting();

        /**
         * Its place is taken from it. Must not block.
         *
         * @param reply with a status, without a code
         * @param atOnce whether it is not worth waiting for what it does
         */
        void makeRoom(String reply, boolean atOnce);
    }

    synchronized Entry enter(InetAddress client) {
        // Those that were told to make room may take a moment.
        if (open >= limits.all() + limits.anonymous() || (!loginRequired && open >= limits.all())) {
            return new Full("421 " + FULL);
        }
        ByteBuffer network = network(client);
        if (anonymous.isFull()) {
            anonymous.largest().flatMap(most -> anonymous.oldest(most, _ -> true)).ifPresent(place -> {
                displacedAnonymous.increment();
                place.displace(FULL_OF_ANONYMOUS, true);
            });
        }
        var place = new Place(network);
        anonymous.add(network, place);
        open++;
        return place;
    }

    /** Whoever has one address of IPv6 has the others of its network of 64 bits as well (RFC 4291 section 2.5.4). */
    static ByteBuffer network(InetAddress client) {
        byte[] address = client.getAddress();
        return ByteBuffer.wrap(address, 0, client instanceof Inet6Address ? 8 : address.length);
    }

    /** Finds a place for one more session of a group that has fewer than another. */
    private boolean makeRoom(String group) {
        Optional<Place> other = loggedIn.largest()
                .filter(most -> loggedIn.of(group) + 1 < loggedIn.of(most))
                .flatMap(most -> loggedIn.oldest(most, Place::isWaiting));
        other.ifPresent(place -> {
            displacedLoggedIn.increment();
            place.displace(FULL, false);
        });
        return other.isPresent();
    }

    /** The place of one session. Used by one thread, but for {@link #displace}. */
    final class Place implements Entry, AutoCloseable {
        private final ByteBuffer network;
        private @Nullable Occupant occupant;
        private boolean displaced;
        private Optional<String> user = Optional.empty();
        private Optional<SubmissionPolicy.Admitted> admitted = Optional.empty();

        private Place(ByteBuffer network) {
            this.network = network;
        }

        /** Says whose it is; false if it was taken away in the meantime. */
        boolean occupy(Occupant by) {
            synchronized (Places.this) {
                occupant = by;
                return !displaced;
            }
        }

        private boolean isWaiting() {
            return occupant != null && occupant.isWaiting();
        }

        private void displace(String reply, boolean atOnce) {
            leave();
            displaced = true;
            if (occupant != null) {
                occupant.makeRoom(reply, atOnce);
            }
        }

        /** Who has logged in. */
        Optional<String> user() {
            return user;
        }

        /** What the policy wants to know again of the login. */
        Optional<SubmissionPolicy.Ticket> ticket() {
            return admitted.flatMap(SubmissionPolicy.Admitted::ticket);
        }

        /** Changes over to the places of those who have logged in; why there is none left for it. */
        Optional<String> logIn(String name, SubmissionPolicy.Admitted as) {
            synchronized (Places.this) {
                if (displaced) {
                    return Optional.of(FULL_OF_ANONYMOUS);
                }
                if (loggedIn.of(as.group()) >= limits.group()) {
                    return Optional.of("4.7.0 too many sessions of this namespace are open, try again later");
                }
                if (!accounts.enter(as.account())) {
                    return Optional.of("4.7.0 too many sessions of this organization are open, try again later");
                }
                if (loggedIn.isFull() && !makeRoom(as.group())) {
                    accounts.leave(as.account());
                    return Optional.of(FULL);
                }
                anonymous.remove(network, this);
                loggedIn.add(as.group(), this);
                user = Optional.of(name);
                admitted = Optional.of(as);
                return Optional.empty();
            }
        }

        /** Changes back to the places of those without a login, even beyond their number: the session is open. */
        void logOut() {
            synchronized (Places.this) {
                if (admitted.isPresent() && !displaced) {
                    leave();
                    anonymous.add(network, this);
                }
                user = Optional.empty();
                admitted = Optional.empty();
            }
        }

        private void leave() {
            if (displaced) {
                return;
            }
            admitted.ifPresentOrElse(as -> {
                loggedIn.remove(as.group(), this);
                accounts.leave(as.account());
            }, () -> anonymous.remove(network, this));
        }

        @Override
        public void close() {
            synchronized (Places.this) {
                leave();
                displaced = true;
                open--;
            }
        }
    }
}
