package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.OrganizationMailSettingsStatus.SenderDomain;
import dev.postrider.operator.installation.DomainLookups.Waits;
import dev.postrider.plan.DomainAnswer;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.PlayedDns;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real lookups over UDP, of a server that plays what servers do. */
@Tag("isolation")
final class DomainLookupsTest {
    private static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");
    private static final ResourceKey SHOP = new ResourceKey("acme", "shop");

    private final List<ResourceKey> woken = new CopyOnWriteArrayList<>();
    private PlayedDns dns;
    private DomainLookups lookups;

    @BeforeEach
    void start() throws IOException {
        dns = PlayedDns.start();
        lookups = new DomainLookups(Optional.of(dns.address()),
                new Waits(Duration.ofMillis(20), Duration.ofMillis(40), Duration.ofMillis(40)), () -> NOW);
    }

    @AfterEach
    void stop() {
        lookups.close();
        dns.close();
    }

    private static SenderDomain domain(String name) {
        return new SenderDomain(name, "_postrider." + name, "TXT", "right", false, null, null);
    }

    private void want(String... names) {
        lookups.want(SHOP, List.of(names).stream().map(DomainLookupsTest::domain).toList(), woken::add);
    }

    private void awaitAnswer(String domain, DomainAnswer answer) {
        await().untilAsserted(() -> assertThat(lookups.answer("acme", domain)).contains(answer));
    }

    @Test
    void whatDnsSaysIsToldAndLookedUpAgain() {
        dns.says("_postrider.right.example", "v=spf1 -all", "right")
                .says("_postrider.wrong.example", "right-not", "Right", "right ")
                .says("_postrider.nothing.example")
                .fails("_postrider.gone.example", 3)
                .fails("_postrider.broken.example", 2)
                .fails("_postrider.refused.example", 5)
                .staysSilent("_postrider.silent.example");
        want("right.example", "wrong.example", "nothing.example", "gone.example", "broken.example",
                "refused.example", "silent.example");
        awaitAnswer("right.example", new DomainAnswer.Found());
        awaitAnswer("wrong.example",
                new DomainAnswer.Missing(NOW, NOW, "the TXT record _postrider.wrong.example has another value"));
        awaitAnswer("nothing.example",
                new DomainAnswer.Missing(NOW, NOW, "there is no TXT record _postrider.nothing.example"));
        awaitAnswer("gone.example",
                new DomainAnswer.Missing(NOW, NOW, "there is no TXT record _postrider.gone.example"));
        for (String failing : List.of("broken", "refused", "silent")) {
            await().untilAsserted(() -> assertThat(lookups.answer("acme", failing + ".example"))
                    .hasValueSatisfying(answer -> assertThat(answer).isInstanceOf(DomainAnswer.Unanswered.class)));
        }
        dns.says("_postrider.gone.example", "right").fails("_postrider.right.example", 3);
        awaitAnswer("gone.example", new DomainAnswer.Found());
        awaitAnswer("right.example",
                new DomainAnswer.Missing(NOW, NOW, "there is no TXT record _postrider.right.example"));
        assertThat(woken).contains(SHOP);
        assertThat(lookups.answer("globex", "gone.example")).isEmpty();
    }

    @Test
    void whatNobodyWantsAnyMoreIsForgotten() {
        dns.says("_postrider.a.example", "right").says("_postrider.b.example", "right");
        want("a.example", "b.example");
        awaitAnswer("a.example", new DomainAnswer.Found());
        want("b.example");
        assertThat(lookups.answer("acme", "a.example")).isEmpty();
        awaitAnswer("b.example", new DomainAnswer.Found());
        want();
        assertThat(lookups.answer("acme", "b.example")).isEmpty();
    }

    /** A domain that was verified once stays so only while somebody looks: others must not keep it from its turn. */
    @Test
    void whatIsBeyondTheBoundIsToldAsNotLookedUp() {
        want(IntStream.range(0, DomainLookups.MOST).mapToObj(i -> "d" + i + ".example").toArray(String[]::new));
        lookups.want(new ResourceKey("acme", "other"), List.of(domain("beyond.example")), woken::add);
        assertThat(lookups.answer("acme", "beyond.example")).contains(new DomainAnswer.BeyondBound(DomainLookups.MOST));
        assertThat(lookups.answer("globex", "beyond.example")).isEmpty();
    }

    /** A namespace whose domains never answer holds up one lookup of its own at a time, and nobody else's. */
    @Test
    void manySilentDomainsOfOneNamespaceHoldUpNobodyElse() {
        String[] silent = IntStream.range(0, 2 * DomainLookups.MOST)
                .mapToObj(i -> "d" + i + ".example")
                .toArray(String[]::new);
        List.of(silent).forEach(name -> dns.staysSilent("_postrider." + name));
        want(silent);
        dns.says("_postrider.other.example", "right");
        lookups.want(new ResourceKey("globex", "shop"), List.of(domain("other.example")), woken::add);
        await().untilAsserted(() -> assertThat(lookups.answer("globex", "other.example"))
                .contains(new DomainAnswer.Found()));
        assertThat(dns.asked().stream().filter(name -> !name.contains("other")).distinct()).hasSizeLessThan(8);
    }
}
