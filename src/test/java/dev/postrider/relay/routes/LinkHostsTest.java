package dev.postrider.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.TestRoutes;
import dev.postrider.route.Linking;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.OrganizationRoute.State;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.SizeLimit;
import dev.postrider.route.SizeLimit.WhenTooLarge;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whose links a host is for, and how many organizations namespaces have, as organizations come, change and go. */
final class LinkHostsTest {
    private static final ResourceKey SHOP = new ResourceKey("shop", "orders");
    private static final ResourceKey EVIL = new ResourceKey("evil", "orders");

    private final Routes routes = new Routes();

    private static OrganizationRoute linking(ResourceKey key, String host, boolean exclusive) {
        OrganizationRoute like = TestRoutes.organization(key.name(), State.OPEN);
        return new OrganizationRoute(key, like.passwordSha256(), State.OPEN, List.of(), like.from(),
                like.envelopeFrom(), Optional.empty(), Optional.of(new SizeLimit(Optional.empty(), WhenTooLarge.LINK,
                        Optional.of(new Linking(host, true, 1, exclusive)))));
    }

    private List<Boolean> mayHaveLinks(String host) {
        return List.of(routes.mayHaveLinks(SHOP, host), routes.mayHaveLinks(EVIL, host));
    }

    @Test
    @Tag("isolation")
    void aHostIsForWhoeverHasItAloneWhileTheyHaveIt() {
        routes.put(linking(SHOP, "links.example", false));
        routes.put(linking(EVIL, "links.example:8443/mail", false));
        assertThat(mayHaveLinks("links.example")).containsExactly(true, true);

        routes.put(linking(SHOP, "links.example", true));
        assertThat(mayHaveLinks("links.example:9443")).containsExactly(true, false);
        assertThat(mayHaveLinks("others.example")).containsExactly(true, true);

        routes.put(linking(new ResourceKey("shop", "invoices"), "links.example", true));
        routes.put(linking(SHOP, "others.example", true));
        assertThat(mayHaveLinks("links.example")).containsExactly(true, false);
        assertThat(mayHaveLinks("others.example")).containsExactly(true, false);

        routes.removeOrganization(new ResourceKey("shop", "invoices"));
        assertThat(mayHaveLinks("links.example")).containsExactly(true, true);

        routes.removeOrganization(SHOP);
        assertThat(mayHaveLinks("others.example")).containsExactly(false, true);
    }

    @Test
    void namespacesAreCountedWithTheirOrganizations() {
        routes.put(linking(SHOP, "links.example", false));
        routes.put(linking(SHOP, "links.example", true));
        assertThat(routes.isShared()).isFalse();
        routes.put(linking(new ResourceKey("shop", "invoices"), "links.example", true));
        routes.put(linking(EVIL, "links.example", true));
        assertThat(routes.organizationsOfNamespaces()).isEqualTo(Map.of("shop", 2, "evil", 1));
        assertThat(routes.isShared()).isTrue();

        routes.removeOrganization(EVIL);
        routes.removeOrganization(EVIL);
        assertThat(routes.organizationsOfNamespaces()).isEqualTo(Map.of("shop", 2));
    }
}
