package dev.postrider.relay.submitter;

import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ResourceKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What is known of submitters' logins, in memory alone: of good ones an HMAC-SHA-256 (RFC 2104) of the credentials by a
 * key of this process, of failed ones how often and until when no other is tried. Bounded; safe for threads.
 */
final class KnownLogins {
    private static final int MOST = 10_000;

    /** Failures of one user after which there is a wait. */
    private static final int FREE_FAILURES = 2;
    private static final Duration FIRST_WAIT = Duration.ofSeconds(2);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
    /** After which failures are forgotten. */
    private static final Duration FAILURES_KEPT = Duration.ofHours(1);
    /** How long a password that was right may be asked for again in spite of others' failures. */
    private static final Duration FAMILIAR = Duration.ofDays(1);
    /** Failures of one organization's users, all together, that are let through at once, and one more after each. */
    private static final int ORGANIZATION_FAILURES = 20;
    private static final Duration ORGANIZATION_REFILL = Duration.ofSeconds(3);

    /** A user of an organization's servers. */
    record Who(ResourceKey organization, String user) {}

    /** Credentials, and what a server said of them. */
    private static final class Remembered {
        private final byte[] mac;
        private final Object at;
        private final Instant time;

        private Remembered(byte[] mac, Object at, Instant time) {
            this.mac = mac;
            this.at = at;
            this.time = time;
        }

        private boolean is(byte[] other) {
            return MessageDigest.isEqual(mac, other);
        }
    }

    /** A user's failures. */
    static final class Failures {
        /** One login of a user is checked at a time: many at once would be as many guesses. */
        final ReentrantLock turn = new ReentrantLock();
        private int count;
        private Instant until = Instant.MIN;
        private Instant last = Instant.MIN;
    }

    private static final class Budget {
        private double spent;
        private Instant seen = Instant.EPOCH;

        private void refill(Instant now) {
            spent = Math.max(0, spent - (double) Duration.between(seen, now).toMillis()
                    / ORGANIZATION_REFILL.toMillis());
            seen = now;
        }
    }

    private static final class Recent<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > MOST;
        }
    }

    private final SecretKeySpec key;
    private final Map<Who, Remembered> good = new Recent<>();
    private final Map<Who, Remembered> refused = new Recent<>();
    private final Map<Who, Failures> failures = new Recent<>();
    private final Map<ResourceKey, Budget> budgets = new Recent<>();

    KnownLogins() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        key = new SecretKeySpec(secret, "HmacSHA256");
    }

    byte[] mac(Who who, Credentials credentials) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal((who.organization() + "\0" + who.user() + "\0" + credentials.password())
                    .getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC-SHA-256", e);
        }
    }

    /**
     * Whether these were right at the same servers, not longer ago than that.
     *
     * @param at what must be as it was then
     */
    synchronized boolean isGood(Who who, byte[] mac, Object at, Duration within, Instant now) {
        Remembered known = good.get(who);
        return known != null && known.is(mac) && known.at.equals(at)
                && now.isBefore(known.time.plus(within));
    }

    /** Whether these were right within a day: nobody who guesses knows them. */
    synchronized boolean isFamiliar(Who who, byte[] mac, Instant now) {
        Remembered known = good.get(who);
        return known != null && known.is(mac) && now.isBefore(known.time.plus(FAMILIAR));
    }

    synchronized Failures of(Who who, Instant now) {
        Failures known = failures.computeIfAbsent(who, _ -> new Failures());
        if (known.last.isBefore(now.minus(FAILURES_KEPT))) {
            known.count = 0;
        }
        return known;
    }

    /** How long no login is tried of this user, or of any user of the organization that is not known. */
    synchronized Optional<Duration> wait(Who who, Instant now) {
        Duration ofUser = Duration.between(now, of(who, now).until);
        Budget budget = budgets.computeIfAbsent(who.organization(), _ -> new Budget());
        budget.refill(now);
        Duration ofAll = budget.spent < ORGANIZATION_FAILURES ? Duration.ZERO : ORGANIZATION_REFILL;
        return Optional.of(ofUser.compareTo(ofAll) > 0 ? ofUser : ofAll).filter(Duration::isPositive);
    }

    synchronized void succeeded(Who who, byte[] mac, Object at, Instant now) {
        good.put(who, new Remembered(mac, at, now));
        refused.remove(who);
        Failures known = of(who, now);
        known.count = 0;
        known.until = Instant.MIN;
    }

    synchronized void failed(Who who, byte[] mac, Instant now) {
        Remembered known = good.get(who);
        if (known != null && known.is(mac)) {
            // It was right once and is no more.
            good.remove(who);
        }
        Failures mine = of(who, now);
        mine.count++;
        mine.last = now;
        if (mine.count > FREE_FAILURES) {
            Duration wait = FIRST_WAIT.multipliedBy(1L << Math.min(mine.count - FREE_FAILURES - 1, 10));
            mine.until = now.plus(wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT);
        }
        Budget budget = budgets.computeIfAbsent(who.organization(), _ -> new Budget());
        budget.refill(now);
        budget.spent++;
    }

    /** The server refused these while it was handed a message. */
    synchronized void refusedAtDelivery(Who who, byte[] mac, Instant now) {
        Remembered known = good.get(who);
        if (known != null && known.is(mac)) {
            good.remove(who);
        }
        refused.put(who, new Remembered(mac, "", now));
    }

    /** When the server refused these while it was handed a message, and has not taken others of the user since. */
    synchronized Optional<Instant> refusedAtDelivery(Who who, byte[] mac) {
        return Optional.ofNullable(refused.get(who))
                .filter(last -> last.is(mac))
                .map(last -> last.time);
    }
}
