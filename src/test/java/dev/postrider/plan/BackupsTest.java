package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What statuses and Events say of servers that take the mail of others; {@code own}, then {@code reserve}. */
@Tag("delivery-world")
final class BackupsTest {
    private static final String SERVER = """
            kind: MailServer
            metadata: {name: %s, namespace: %s, generation: 1}
            spec: {%s smtp: {host: %1$s.acme.example}}
            ---
            """;

    private static GoldenWorld world(String servers) {
        return new GoldenWorld("""
                kind: World
                globalServerPolicy: Optional
                ---
                """ + SERVER.formatted("own", "shop", "") + SERVER.formatted("reserve", "shop", "")
                + SERVER.formatted("everybodys", "postrider-system", "scope: Global,")
                + SERVER.formatted("second", "postrider-system", "scope: Global, priority: 10,") + """
                        kind: OrganizationMailSettings
                        metadata: {name: orders, namespace: shop, generation: 1}
                        spec:
                          servers: [%s]
                          identity: {from: {address: noreply@acme.example}}
                        """.formatted(servers));
    }

    private static void rest(GoldenWorld world, String servers) {
        world.rests.clear();
        Arrays.stream(servers.split(" "))
                .filter(name -> !name.equals("-"))
                .map(name -> name.split(":", -1))
                .forEach(name -> {
                    ResourceKey key = ResourceKey.parse(name[0]);
                    world.rests.put(key, name.length > 1
                            ? new ServerRest(key, GoldenWorld.NOW, "until 2027-01-13T09:15:00Z: 3 messages a day", true)
                            : new ServerRest(key, GoldenWorld.NOW, "421 busy"));
                });
    }

    private static String told(List<Condition> conditions, List<Notice> notices) {
        return Conditions.find(conditions, ConditionType.OnBackup).map(c -> c.status() + " " + c.reason()).orElse("-")
                + notices.stream()
                        .filter(notice -> notice.reason().toString().endsWith("Backup"))
                        .map(notice -> " " + notice.reason())
                        .collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # spec.servers                                              | rest at first | then                  | what is told then
            {name: own}, {name: reserve}                                | -             | shop/own              | -
            {name: own}                                                 | -             | shop/own              | -
            {name: own}, {name: reserve, priority: 10}                  | -             | -                     | False FirstPriority
            {name: own}, {name: reserve, priority: 10}                  | -             | shop/own              | True FormerPrioritiesFail OnBackup
            {name: own}, {name: reserve, priority: 10}                  | -             | shop/own:over         | True FormerPrioritiesFail OnBackup
            {name: own}, {name: reserve, priority: 10}                  | shop/own      | shop/own:over         | True FormerPrioritiesFail
            {name: own}, {name: reserve, priority: 10}                  | shop/own      | shop/own              | True FormerPrioritiesFail
            {name: own}, {name: reserve, priority: 10}                  | shop/own      | -                     | False FirstPriority BackFromBackup
            {name: own}, {name: reserve, priority: 10}                  | -             | shop/reserve          | False FirstPriority
            {name: own}, {name: reserve, priority: 10}                  | shop/own      | shop/own shop/reserve | False NoServerTakesMail BackFromBackup
            {name: own, weight: 3}, {name: reserve, weight: 1}          | -             | shop/own              | -
            {name: reserve, priority: 2}, {name: own, priority: 1}      | -             | shop/own              | True FormerPrioritiesFail OnBackup
            {name: everybodys, namespace: postrider-system}, {name: own, priority: 1} | -           | postrider-system/everybodys       | False FirstPriority
            """)
    void anOrganizationTells(String servers, String first, String then, String expected) {
        GoldenWorld world = world(servers);
        rest(world, first);
        world.converge();
        OrganizationMailSettings organization = world.organizations.values().iterator().next();
        rest(world, then);
        OrganizationPlan plan = OrganizationPlan.of(organization, world, OrganizationTestNews.none());
        assertThat(told(Objects.requireNonNull(plan.status().conditions()), plan.notices())).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # rest at first | then            | what is told then
            -               | postrider-system/everybodys | True FormerPrioritiesFail OnBackup
            postrider-system/everybodys | -               | False FirstPriority BackFromBackup
            -               | postrider-system/second     | False FirstPriority
            """)
    void globalServersTell(String first, String then, String expected) {
        GoldenWorld world = world("");
        rest(world, first);
        // The first of them is planned before there is a route of the second.
        world.converge();
        world.converge();
        MailServer server = Objects.requireNonNull(
                world.servers.get(new ResourceKey("postrider-system", "everybodys")));
        rest(world, then);
        MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
        assertThat(told(Objects.requireNonNull(plan.status().conditions()), plan.notices())).isEqualTo(expected);
    }

    @Test
    void aSwitchedOffServerIsNamedAsTheReason() {
        GoldenWorld world = world("{name: own}, {name: reserve, priority: 10}");
        world.converge();
        ResourceKey key = new ResourceKey("shop", "own");
        world.serverRoutes.computeIfPresent(key, (_, route) -> new ServerRoute(key, false, false,
                route.endpoint()));
        OrganizationPlan plan = OrganizationPlan.of(world.organizations.values().iterator().next(), world,
                OrganizationTestNews.none());
        assertThat(Conditions.find(plan.status().conditions(), ConditionType.OnBackup).map(Condition::message))
                .hasValue(
                        "mail goes through shop/reserve, since those of a former priority take none; "
                                + "MailServer shop/own: it is switched off (spec.active)");
    }

    @Test
    void aRateIsToldWithSinceWhenUntilWhenAndWhich() {
        GoldenWorld world = world("{name: own}, {name: reserve, priority: 10}");
        world.converge();
        rest(world, "shop/own:over");
        MailServerPlan server = MailServerPlan.of(Objects.requireNonNull(
                world.servers.get(new ResourceKey("shop", "own"))), world, TestNews.none());
        assertThat(Conditions.find(server.status().conditions(), ConditionType.TakesMail).map(Condition::message))
                .hasValue(
                        "since 2027-01-12T09:00:00Z it is over its rate (spec.limits), and the relay sends it no mail; "
                                + "mail goes through other servers, or waits: until 2027-01-13T09:15:00Z: 3 messages a day");
        OrganizationPlan organization = OrganizationPlan.of(world.organizations.values().iterator().next(), world,
                OrganizationTestNews.none());
        assertThat(Conditions.find(organization.status().conditions(), ConditionType.OnBackup).map(Condition::message))
                .hasValue(
                        "mail goes through shop/reserve, since those of a former priority take none; MailServer shop/own: "
                                + "it is over its rate since 2027-01-12T09:00:00Z: until 2027-01-13T09:15:00Z: "
                                + "3 messages a day");
    }

    /** Whether mail is sent is said of each server that has rested, of whatever priority. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # rest at first             | then                        | what is told then
            -                           | -                           | -
            -                           | postrider-system/everybodys | False Rests ServerRests
            postrider-system/everybodys | postrider-system/everybodys | False Rests
            postrider-system/everybodys | -                           | True TakesMail ServerTakesMail
            -                           | postrider-system/everybodys:over | False OverRate ServerOverRate
            postrider-system/everybodys | postrider-system/everybodys:over | False OverRate ServerOverRate
            postrider-system/everybodys:over | -                      | True TakesMail ServerTakesMail
            """)
    void aServerTellsThatItRests(String first, String then, String expected) {
        GoldenWorld world = world("");
        rest(world, first);
        world.converge();
        MailServer server = Objects.requireNonNull(
                world.servers.get(new ResourceKey("postrider-system", "everybodys")));
        rest(world, then);
        MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
        assertThat(Conditions.find(plan.status().conditions(), ConditionType.TakesMail)
                .map(condition -> condition.status() + " " + condition.reason())
                .orElse("-")
                + plan.notices()
                        .stream()
                        .filter(notice -> notice.reason().toString().startsWith("Server"))
                        .map(notice -> " " + notice.reason())
                        .collect(Collectors.joining()))
                .isEqualTo(expected);
    }
}
