package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.GoldenWorld;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.route.RouteBundles;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which resources of a namespace are beyond the octets that it may have. */
@Tag("isolation")
final class NamespaceOctetsTest {
    private static final int MOST = 10_000;

    private final List<NamespaceOctets.Measured> declared = new ArrayList<>();
    private final NamespaceOctets octets = new NamespaceOctets(MOST, _ -> declared.stream(), _ -> 3_000);
    private long version;

    /** An organization declared at a minute, whose spec has some octets. */
    private OrganizationMailSettings organization(String name, int minute, int size) {
        return Serialization.unmarshal("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata:
                  name: %s
                  namespace: acme
                  uid: %s
                  generation: %d
                  resourceVersion: "%d"
                  creationTimestamp: %s
                  finalizers: [postrider.dev/cleanup]
                spec: {identity: {from: {name: "%s", address: shop@acme.example}}}
                """.formatted(name, name, size, ++version,
                Instant.parse("2027-01-01T00:00:00Z").plus(Duration.ofMinutes(minute)), "x".repeat(size)),
                OrganizationMailSettings.class);
    }

    private Optional<Secret> route(int size, String authorities) {
        return Optional.of(new SecretBuilder().withNewMetadata()
                .withResourceVersion(Long.toString(++version))
                .withAnnotations(authorities.isEmpty()
                        ? Map.of()
                        : Map.of(RouteSecret.AUTHORITIES_ANNOTATION, authorities))
                .endMetadata()
                .withData(Map.of(RouteSecret.DATA_KEY,
                        Base64.getEncoder().encodeToString("x".repeat(size).getBytes(StandardCharsets.UTF_8))))
                .build());
    }

    private String beyond(CustomResource<?, ?>... all) {
        return String.join(" ", Stream.of(all)
                .filter(resource -> octets.passed(resource).isPresent())
                .map(resource -> resource.getMetadata().getName())
                .toList());
    }

    @Test
    void thoseDeclaredFirstCountWhateverOrderTheyAreSeenIn() {
        var first = organization("z-first", 0, 4_000);
        var second = organization("b", 1, 4_000);
        var third = organization("c", 1, 4_000);
        var last = organization("a-last", 2, 10);
        assertThat(octets.note(third, Optional.empty())).isFalse();
        assertThat(octets.note(last, Optional.empty())).isFalse();
        assertThat(octets.note(second, Optional.empty())).isFalse();
        assertThat(octets.note(first, Optional.empty())).as("now some are beyond").isTrue();
        assertThat(beyond(first, second, third, last)).isEqualTo("c a-last");

        assertThat(octets.note(organization("b", 1, 5_000), Optional.empty())).as("the same are beyond").isFalse();
        assertThat(octets.note(organization("z-first", 0, 9_990), Optional.empty())).as("an older one grows").isTrue();
        assertThat(beyond(first, second, third, last)).isEqualTo("z-first b c a-last");
        assertThat(octets.forget(first)).isTrue();
        assertThat(beyond(second, third, last)).isEmpty();
    }

    @Test
    void whatWasThereBeforeTheFirstIsSeenCounts() {
        var first = organization("first", 0, 9_000);
        declared.add(new NamespaceOctets.Measured(first, Optional.empty()));
        var second = organization("second", 1, 2_000);
        octets.note(second, Optional.empty());
        assertThat(beyond(first, second)).isEqualTo("second");
    }

    /** A server of that name and moment is another resource than the organization. */
    @Test
    void allKindsCountTogether() {
        var organization = organization("acme", 0, 6_000);
        MailServer server = Serialization.unmarshal("kind: MailServer\nspec: {smtp: {host: mail.acme.example}}",
                MailServer.class);
        server.setMetadata(new ObjectMetaBuilder(organization.getMetadata())
                .withAnnotations(Map.of("note", "x".repeat(6_000)))
                .build());
        octets.note(organization, Optional.empty());
        octets.note(server, Optional.empty());
        assertThat(octets.passed(server)).as("first by its kind").isEmpty();
        assertThat(octets.passed(organization)).hasValue(MOST);
    }

    /** Four with the same bundle of 3,000 octets fit, two with different ones as well, four with different ones do not. */
    @Test
    void aBundleCountsOnceHoweverManyNameIt() {
        List<OrganizationMailSettings> all = IntStream.range(0, 4)
                .mapToObj(i -> organization("o" + i, i, 10))
                .toList();
        all.forEach(each -> octets.note(each, route(1_000, "same")));
        assertThat(beyond(all.toArray(CustomResource[]::new))).isEmpty();
        all.forEach(each -> octets.note(each, route(1_000, "of-" + each.getMetadata().getName())));
        assertThat(beyond(all.toArray(CustomResource[]::new))).isEqualTo("o2 o3");
    }

    @Test
    void aLargeRouteBeyondTheBoundGoesAndDoesNotComeBackUntilTheResourceChanges() {
        var first = organization("first", 0, 5_000);
        var second = organization("second", 1, 1_000);
        octets.note(first, Optional.empty());
        Optional<Secret> ordinary = route(5_500, "");
        octets.note(second, ordinary);
        assertThat(octets.passed(second)).isPresent();
        assertThat(octets.withdraws(second, ordinary)).as("an ordinary one stays").isFalse();

        Optional<Secret> large = route(14_000, "a,b");
        octets.note(second, large);
        assertThat(octets.withdraws(second, large)).isTrue();
        octets.note(second, Optional.empty());
        assertThat(octets.passed(second)).as("it would be as large again").isPresent();
        octets.note(organization("second", 1, 900), Optional.empty());
        assertThat(octets.passed(second)).isEmpty();
    }

    @Test
    void whatIsSaidOfTheBoundDoesNotCount() {
        var first = organization("first", 0, 9_850);
        octets.note(first, Optional.empty());
        assertThat(beyond(first)).isEmpty();
        String longStatus = Serialization.asJson(first)
                .replace("\"spec\":", "\"status\":{\"serverSummary\":\"" + "x".repeat(5_000) + "\"},\"spec\":");
        octets.note(Serialization.unmarshal(longStatus, OrganizationMailSettings.class), Optional.empty());
        assertThat(beyond(first)).isEmpty();
    }

    /** With what people write: a signature, a webhook, support, links, administrators. */
    @Test
    void aThousandOrdinaryOrganizationsHaveRoomFourTimes() throws Exception {
        long largest = 0;
        for (String name : List.of("dkim", "support", "links-for-attachments", "a-webhook")) {
            GoldenWorld world = new GoldenWorld(
                    Files.readString(Path.of("src/test/resources/plan", name, "in.yaml")));
            world.converge();
            largest = Math.max(largest, world.organizations.values()
                    .stream()
                    .flatMap(each -> OrganizationPlan.of(each, world, OrganizationTestNews.none()).route().stream())
                    .mapToLong(made -> RouteBundles.detach(made).json().length())
                    .max()
                    .orElse(0));
        }
        assertThat(1_000 * largest).isBetween(2_000_000L, 4L << 20);
    }

    /** Each is noted five times, as it is for its route, its binding and its status. */
    @Test
    void tenThousandResourcesOfANamespaceCostLittle() {
        List<OrganizationMailSettings> all = IntStream.range(0, 10_000)
                .mapToObj(i -> organization("o" + i, i, 100))
                .toList();
        long began = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            all.forEach(each -> octets.note(each, Optional.empty()));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
        assertThat(beyond(all.getLast())).isEqualTo("o9999");
    }
}
