package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("organizations")
final class FormerPasswordTest {
    private static final OrganizationRoute ROUTE = new OrganizationRoute(new ResourceKey("acme", "shop"),
            Sha256.of("new"), OrganizationRoute.State.OPEN, List.of(),
            new Address("no-reply@acme.example", Optional.empty()), "no-reply@acme.example", Optional.empty(),
            Optional.empty())
            .with(List.of(new FormerPassword(Sha256.of("old"), Instant.parse("2027-01-13T09:00:00Z"))));

    @ParameterizedTest
    @CsvSource({"new, 2027-01-12T09:00:00Z, true", "old, 2027-01-12T09:00:00Z, true", "old, 2027-01-13T08:59:59Z, true",
            "old, 2027-01-13T09:00:00Z, false", "new, 2027-01-13T09:00:00Z, true",
            "older, 2027-01-12T09:00:00Z, false"})
    void isTakenUntilItsTimeIsOver(String password, Instant now, boolean taken) {
        assertThat(ROUTE.takes(password, now)).isEqualTo(taken);
    }

    @Test
    void travelsInARouteWhichIsReadWithoutItToo() {
        String json = RouteJson.write(ROUTE);
        assertThat(RouteJson.read(json, OrganizationRoute.class)).isEqualTo(ROUTE);
        assertThat(RouteJson.read(json.replaceAll("\"formerPasswords\":\\[.*?],", ""), OrganizationRoute.class)
                .formerPasswords()).isEmpty();
        assertThat(ROUTE.toString()).doesNotContain(Sha256.of("old"));
    }
}
