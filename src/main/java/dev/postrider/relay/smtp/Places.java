package dev.postrider.relay.smtp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** The places that a listener has for sessions: in total, for each client address before the login, for each user. */
final class Places {
    private final Semaphore all;
    private final Occupancy<ByteBuffer> anonymous;
    private final Occupancy<String> users;

    Places(SmtpLimits limits) {
        this.all = new Semaphore(limits.sessions());
        this.anonymous = new Occupancy<>(limits.anonymousPerAddress());
        this.users = new Occupancy<>(limits.sessionsPerUser());
    }

    /** Whether there was a place. */
    sealed interface Entry {}

    /** There is none. */
    record Full(String reply) implements Entry {}

    Entry enter(InetAddress client) {
        if (!all.tryAcquire()) {
            return new Full("421 4.3.2 too many sessions are open, try again later");
        }
        ByteBuffer network = network(client);
        if (!anonymous.enter(network)) {
            all.release();
            return new Full("421 4.7.0 too many sessions are open from your address, try again later");
        }
        return new Place(network);
    }

    /** Whoever has one address of IPv6 has the others of its network of 64 bits as well (RFC 4291 section 2.5.4). */
    private static ByteBuffer network(InetAddress client) {
        byte[] address = client.getAddress();
        return ByteBuffer.wrap(address, 0, client instanceof Inet6Address ? 8 : address.length);
    }

    /** The place of one session. Used by one thread. */
    final class Place implements Entry, AutoCloseable {
        private final ByteBuffer network;
        private Optional<String> user = Optional.empty();
        private Optional<SubmissionPolicy.Admitted> admitted = Optional.empty();

        private Place(ByteBuffer network) {
            this.network = network;
        }

        /** Who has logged in. */
        Optional<String> user() {
            return user;
        }

        /** What the policy wants to know again of the login. */
        Optional<SubmissionPolicy.Ticket> ticket() {
            return admitted.flatMap(SubmissionPolicy.Admitted::ticket);
        }

        /** Changes over to the places of an account, if there is one left. */
        boolean logIn(String name, SubmissionPolicy.Admitted as) {
            if (!users.enter(as.account())) {
                return false;
            }
            anonymous.leave(network);
            user = Optional.of(name);
            admitted = Optional.of(as);
            return true;
        }

        /** Changes back to the places of the address, even beyond their number: the session is open already. */
        void logOut() {
            admitted.ifPresent(as -> {
                users.leave(as.account());
                anonymous.enterAnyway(network);
            });
            user = Optional.empty();
            admitted = Optional.empty();
        }

        @Override
        public void close() {
            logOut();
            anonymous.leave(network);
            all.release();
        }
    }
}
