package dev.postrider.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Names of one tenant whose name servers do not answer, beside those of another. */
@Tag("isolation")
final class NameLookupTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();

    /** What the C library does with a name server that is silent. */
    private InetAddress[] names(String host) throws UnknownHostException {
        if (host.startsWith("unknown")) {
            throw new UnknownHostException(host);
        }
        if (host.startsWith("silent")) {
            hanging.incrementAndGet();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new UnknownHostException("interrupted");
            }
        }
        return new InetAddress[]{InetAddress.getLoopbackAddress()};
    }

    private static String look(NameLookup lookup, String host) {
        try {
            return lookup.of(host).toString();
        } catch (UnknownHostException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void holdUpNobodyElse() throws Exception {
        var lookup = new NameLookup(this::names, 4, Duration.ofSeconds(60));
        List<Thread> evil = IntStream.range(0, 200)
                .mapToObj(i -> Thread.ofVirtual().start(() -> NameLookup.in("evil", () -> look(lookup, "silent" + i))))
                .toList();
        await().until(() -> hanging.get() == 3);
        assertThat(NameLookup.in("shop", () -> look(lookup, "mail.shop.example"))).contains("127.0.0.1");
        assertThat(NameLookup.in("shop", () -> look(lookup, "unknown.shop.example")))
                .isEqualTo("unknown.shop.example: it is not known");
        assertThat(hanging).hasValue(3);
        end.countDown();
        for (Thread thread : evil) {
            thread.join();
        }
        assertThat(hanging).hasValue(200);
    }

    @Test
    void areGivenUpAfterTheDeadline() {
        var lookup = new NameLookup(this::names, 1, Duration.ofMillis(50));
        assertThatThrownBy(() -> lookup.of("silent.example")).isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("silent.example: no name server answers within");
        assertThat(look(lookup, "127.0.0.1")).contains("127.0.0.1");
        end.countDown();
        await().untilAsserted(() -> assertThat(look(lookup, "mail.shop.example")).contains("127.0.0.1"));
    }
}
