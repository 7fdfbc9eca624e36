package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The route of an organization says which servers its names stand for. */
@Tag("isolation")
final class NamedServersTest {
    private static final ResourceKey SHOP = new ResourceKey("acme", "shop");

    private static GoldenWorld world(String server, String organization) throws Exception {
        return new GoldenWorld("""
                kind: MailServer
                metadata: {name: own, namespace: acme, uid: %s, generation: 1}
                spec: {smtp: {host: smtp.acme.example}}
                ---
                kind: OrganizationMailSettings
                metadata: {name: shop, namespace: acme, uid: shop, generation: 1}
                spec: {identity: {from: {address: %s}}, servers: [{name: own}, {name: gone}]}
                """.formatted(server, organization));
    }

    private static OrganizationRoute route(GoldenWorld world) {
        OrganizationMailSettings organization = Objects.requireNonNull(world.organizations.get(SHOP));
        return OrganizationPlan.of(organization, world, OrganizationTestNews.none()).route().orElseThrow();
    }

    @Test
    void theServersOfTheMomentAreMeantAlsoWhereTheLastValidRouteStays() throws Exception {
        GoldenWorld first = world("one", "noreply@acme.example");
        OrganizationRoute route = route(first);
        assertThat(route.serverUids()).hasValue(List.of("one"));
        assertThat(MailServerPlan.of(Objects.requireNonNull(first.servers.get(new ResourceKey("acme", "own"))), first,
                TestNews.none()).route().flatMap(ServerRoute::uid)).hasValue("one");

        GoldenWorld second = world("two", "no address");
        second.organizationRoutes.put(SHOP, route);
        OrganizationRoute last = route(second);
        assertThat(last.from().address()).isEqualTo("noreply@acme.example");
        assertThat(last.serverUids()).hasValue(List.of("two"));
        assertThat(OrganizationPlan.paused(Objects.requireNonNull(second.organizations.get(SHOP)), second)
                .flatMap(OrganizationRoute::serverUids)).hasValue(List.of("two"));
        second.organizationRoutes.put(SHOP, last);
        assertThat(OrganizationPlan.paused(Objects.requireNonNull(second.organizations.get(SHOP)), second))
                .isEqualTo(Optional.empty());
    }
}
