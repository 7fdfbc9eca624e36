package dev.postrider.relay.queue;

import java.security.SecureRandom;
import java.time.InstantSource;

/** Makes queue ids: 48 bits of milliseconds and 32 random bits in Crockford's base 32, so that they sort by time. */
final class QueueIds {
    private static final String DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private final SecureRandom random = new SecureRandom();
    private final InstantSource clock;

    QueueIds(InstantSource clock) {
        this.clock = clock;
    }

    String next() {
        long millis = clock.millis();
        long noise = random.nextInt() & 0xffff_ffffL;
        char[] id = new char[16];
        // 80 bits in 16 digits: the upper 8 digits are the upper 40 bits of the time, the lower 8 the rest.
        long upper = (millis >>> 8) & 0xff_ffff_ffffL;
        long lower = ((millis & 0xff) << 32) | noise;
        for (int i = 7; i >= 0; i--) {
            id[i] = DIGITS.charAt((int) (upper & 31));
            id[i + 8] = DIGITS.charAt((int) (lower & 31));
            upper >>>= 5;
            lower >>>= 5;
        }
        return new String(id);
    }
}
