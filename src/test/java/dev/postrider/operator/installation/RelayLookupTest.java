package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.postrider.route.LostReports;
import dev.postrider.route.ResourceKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("delivery-world")
final class RelayLookupTest {
    private static final ResourceKey ACME = new ResourceKey("acme", "acme");
    private static final ResourceKey GLOBEX = new ResourceKey("globex", "globex");
    private static final ResourceKey INITECH = new ResourceKey("initech", "initech");
    private static final Instant TIME = Instant.parse("2026-03-01T12:00:00Z");

    private static String told(LostReports... lost) {
        return LostReports.write(List.of(lost)).toString();
    }

    @Test
    void wakesThoseOfWhomSomethingElseIsKnown() throws Exception {
        AtomicReference<String> answer = new AtomicReference<>("503");
        HttpServer relay = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        relay.createContext("/lost-reports", exchange -> {
            byte[] body = String.valueOf(answer.get()).getBytes(StandardCharsets.UTF_8);
            boolean good = "Bearer token".equals(exchange.getRequestHeaders().getFirst("Authorization"))
                    && !String.valueOf(answer.get()).equals("503");
            exchange.sendResponseHeaders(good ? 200 : 503, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        relay.start();
        Set<ResourceKey> woken = ConcurrentHashMap.newKeySet();
        RelayQueue queue = new RelayQueue(() -> "http://127.0.0.1:" + relay.getAddress().getPort(), "token");
        try (var lookups = new RelayLookup<LostReports>("lost-reports", queue::lostReports, Duration.ofMillis(20))) {
            lookups.start(woken::add);
            assertThat(lookups.of(GLOBEX, LostReports.none(GLOBEX), true)).as("the relay has not answered yet")
                    .isEmpty();
            assertThat(lookups.of(INITECH, LostReports.none(INITECH), false)).isEmpty();

            LostReports first = new LostReports(ACME, 1, TIME, "a@acme.example", "550 no");
            answer.set(told(first));
            await().untilAsserted(() -> assertThat(lookups.of(ACME, LostReports.none(ACME), true)).contains(first));
            assertThat(lookups.of(GLOBEX, LostReports.none(GLOBEX), true)).contains(LostReports.none(GLOBEX));
            await().untilAsserted(() -> assertThat(woken).containsExactlyInAnyOrder(ACME, GLOBEX));

            woken.clear();
            LostReports second = new LostReports(GLOBEX, 2, TIME, "g@globex.example", "550 no");
            answer.set(told(first, second));
            await().untilAsserted(() -> assertThat(woken).containsExactly(GLOBEX));

            woken.clear();
            answer.set("not JSON {");
            answer.set(told(second));
            await().untilAsserted(() -> assertThat(woken).containsExactly(ACME));
            assertThat(lookups.of(ACME, LostReports.none(ACME), true)).contains(LostReports.none(ACME));
        } finally {
            relay.stop(0);
        }
    }
}
