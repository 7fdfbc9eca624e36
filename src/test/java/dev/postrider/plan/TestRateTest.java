package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.OrganizationTestNews.Finished;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever asks for tests in a loop gets as many as the rate allows, and what stands in the status is all that counts. */
@Tag("isolation")
final class TestRateTest {
    private static final String WORLD = """
            kind: MailServer
            metadata: {name: global, namespace: postrider-system}
            spec: {scope: Global, smtp: {host: mail.example.com}}
            ---
            kind: MailServer
            metadata: {name: a, namespace: acme}
            spec: {smtp: {host: mail.example.com}, sender: {address: ceo@bank.example}, test: {recipient: it@acme.example}}
            ---
            kind: MailServer
            metadata: {name: b, namespace: acme}
            spec: {smtp: {host: mail.example.com}}
            ---
            kind: MailServer
            metadata: {name: c, namespace: acme}
            spec: {smtp: {host: mail.example.com}}
            ---
            kind: MailServer
            metadata: {name: d, namespace: acme}
            spec: {smtp: {host: mail.example.com}}
            ---
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: acme}
            spec:
              identity: {from: {address: ceo@bank.example}}
              servers: [{name: a}, {name: b}, {name: c}, {name: d}]
            """;

    private final GoldenWorld world = new GoldenWorld(WORLD);
    private final OrganizationMailSettings acme = Objects.requireNonNull(
            world.organizations.get(new ResourceKey("acme", "acme")));
    private final MailServer server = Objects.requireNonNull(world.servers.get(new ResourceKey("acme", "a")));

    private void after(int seconds) {
        world.now = GoldenWorld.NOW.plus(Duration.ofSeconds(seconds));
    }

    /** Plans for the organization, and ends what it orders; returns the servers that got a mail. */
    private List<String> plan(String request) {
        acme.getMetadata().setAnnotations(Map.of("postrider.dev/test-send", request));
        OrganizationPlan plan = OrganizationPlan.of(acme, world, OrganizationTestNews.none());
        acme.setStatus(plan.status());
        if (!plan.tests().isEmpty()) {
            Map<ResourceKey, Finished> ended = plan.tests()
                    .stream()
                    .collect(Collectors.toMap(o -> o.mail().server().key(),
                            o -> new Finished(o, world.testOf(o.mail().server().key()))));
            acme.setStatus(OrganizationPlan.of(acme, world, new OrganizationTestNews(Map.of(), ended)).status());
        }
        return plan.tests().stream().map(o -> o.mail().server().key().name()).toList();
    }

    private Map<Integer, List<String>> tests(int seconds, boolean newRequestEachSecond) {
        world.converge();
        Map<Integer, List<String>> made = new TreeMap<>();
        for (int second = 0; second < seconds; second++) {
            after(second);
            List<String> tested = plan(newRequestEachSecond ? "victim@example.com " + second : "it@acme.example");
            if (!tested.isEmpty()) {
                made.put(second, tested);
            }
        }
        return made;
    }

    @Test
    void anOrganizationsTestsComeThreeAtOnceAndThenOneInTenSecondsAndNoServerIsLeftOut() {
        assertThat(tests(60, true)).isEqualTo(Map.of(0, List.of("a", "b", "c"), 10, List.of("d"), 20, List.of("a"),
                30, List.of("b"), 40, List.of("c"), 50, List.of("d")));
    }

    @Test
    void whatIsBeyondTheRateIsToldInTheStatusAndMadeLaterOnce() {
        assertThat(tests(60, false)).isEqualTo(Map.of(0, List.of("a", "b", "c"), 10, List.of("d")));
        after(100);
        plan("it@acme.example again");
        OrganizationPlan plan = OrganizationPlan.of(acme, world, OrganizationTestNews.none());
        assertThat(plan.lookAgain()).contains(GoldenWorld.NOW.plusSeconds(110));
        assertThat(plan.status().conditions()).anySatisfy(c -> assertThat(
                c.type() + " " + c.reason() + ": " + c.message())
                .isEqualTo(
                        "TestSendSucceeded TestRateLimited: the test waits until 2027-01-12T09:01:50Z: a resource may "
                                + "have one test in 10 s, and 3 at once"));
    }

    @Test
    void aServersTestsComeThreeAtOnceAndThenOneInTenSeconds() {
        List<Integer> made = new ArrayList<>();
        for (int second = 0; second < 40; second++) {
            after(second);
            server.getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "victim@example.com " + second));
            MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
            server.setStatus(plan.status());
            if (plan.test().isPresent()) {
                made.add(second);
                server.setStatus(MailServerPlan.of(server, world, TestNews.finished(plan.test().get(),
                        world.testOf(MailServerPlan.key(server)))).status());
            } else {
                assertThat(plan.lookAgain()).isPresent();
                assertThat(plan.status().conditions())
                        .anySatisfy(c -> assertThat(c.message()).startsWith("the test waits until 2027-01-12T09:00:"));
            }
        }
        assertThat(made).isEqualTo(List.of(0, 1, 2, 10, 20, 30));
    }

    @Test
    void anOrganizationThatIsSwitchedOffSendsNoTestAndIsTestedWhenItIsSwitchedOn() {
        world.converge();
        OrganizationMailSettings off = Objects
                .requireNonNull(new GoldenWorld(WORLD + "  sendingEnabled: false\n").organizations
                        .get(new ResourceKey("acme", "acme")));
        off.getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "victim@example.com"));
        OrganizationPlan plan = OrganizationPlan.of(off, world, OrganizationTestNews.none());
        assertThat(plan.tests()).isEmpty();
        assertThat(plan.lookAgain()).isEmpty();
        assertThat(plan.status().conditions()).extracting(c -> c.type() + " " + c.status() + " " + c.reason())
                .contains("TestSendSucceeded Unknown SendingDisabled", "Ready True SendingDisabled");
        assertThat(plan.status().conditions()).anySatisfy(c -> assertThat(c.message()).contains("set it to true"));
        acme.setStatus(plan.status());
        assertThat(plan("victim@example.com")).hasSize(3);
    }

    /** A clock that was wrong once must not forbid tests for years. */
    @Test
    void aCountThatIsFarAwayIsTheMostThatCanCount() {
        world.converge();
        plan("first");
        var status = acme.getStatus();
        after(-86_400 * 365);
        assertThat(plan("second")).isEmpty();
        assertThat(OrganizationPlan.of(acme, world, OrganizationTestNews.none()).lookAgain())
                .contains(world.now.plusSeconds(10));
        assertThat(status).isNotNull();
    }

    /** A failure that is not tried again now, since nobody asks or sending is off, must not make plan after plan. */
    @Test
    void nothingIsPlannedAnewForATestThatCannotBeMade() {
        GoldenWorld failing = new GoldenWorld(WORLD
                + "---\nkind: World\ntests: {acme/a: Connection}\n");
        failing.converge();
        OrganizationMailSettings failed = Objects.requireNonNull(
                failing.organizations.get(new ResourceKey("acme", "acme")));
        failed.getMetadata().setAnnotations(Map.of("postrider.dev/test-send", "it@acme.example"));
        OrganizationPlan plan = OrganizationPlan.of(failed, failing, OrganizationTestNews.none());
        failed.setStatus(plan.status());
        Map<ResourceKey, Finished> ended = plan.tests()
                .stream()
                .collect(Collectors.toMap(o -> o.mail().server().key(),
                        o -> new Finished(o, failing.testOf(o.mail().server().key()))));
        failed.setStatus(OrganizationPlan.of(failed, failing, new OrganizationTestNews(Map.of(), ended)).status());
        failed.getMetadata().setAnnotations(Map.of());
        failing.now = GoldenWorld.NOW.plus(Duration.ofMinutes(5));
        assertThat(OrganizationPlan.of(failed, failing, OrganizationTestNews.none()).lookAgain()).isEmpty();
    }
}
