package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.route.ResourceKey;
import dev.postrider.testing.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each folder of src/test/resources/plan is a case: {@code in.yaml} is what people declared and how the world is,
 * {@code out.txt} what the plan makes of it, when every test that it orders has ended.
 */
final class PlanGoldenTest {
    private static final Path CASES = Path.of("src/test/resources/plan");

    static Stream<Path> cases() throws IOException {
        try (Stream<Path> folders = Files.list(CASES)) {
            return folders.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsDeclaredComesToWhatIsExpected(Path folder) throws IOException {
        GoldenWorld world = new GoldenWorld(Files.readString(folder.resolve("in.yaml")));
        StringBuilder out = new StringBuilder();
        for (MailServer server : List.copyOf(world.servers.values())) {
            describe(server, world, out);
        }
        for (OrganizationMailSettings organization : List.copyOf(world.organizations.values())) {
            describe(organization, world, out);
        }
        GoldenFiles.check(folder.resolve("out.txt"), out.toString(), PlanGoldenTest.class);
    }

    private static void describe(MailServer server, GoldenWorld world, StringBuilder out) {
        ResourceKey key = MailServerPlan.key(server);
        MailServerPlan plan = MailServerPlan.of(server, world, TestNews.none());
        out.append("MailServer ").append(key).append('\n');
        if (plan.test().isPresent()) {
            TestOrder order = plan.test().get();
            out.append("  test to ")
                    .append(order.mail().recipient())
                    .append(" from ")
                    .append(order.mail().from().address())
                    .append('\n');
            plan = MailServerPlan.of(server, world, TestNews.finished(order, world.testOf(key)));
        }
        server.setStatus(plan.status());
        plan.route().ifPresent(route -> world.serverRoutes.put(key, route));
        out.append("  route:").append(plan.route().map(ShownRoute::of).orElse(" as it was\n"));
        finish(plan.release(), plan.status().conditions(), plan.notices(), out);

        MailServerPlan again = MailServerPlan.of(server, world, TestNews.none());
        assertThat(again.status()).as("planned again, nothing has changed").isEqualTo(plan.status());
        assertThat(again.test()).as("planned again, no second test").isEmpty();
    }

    private static void describe(OrganizationMailSettings organization, GoldenWorld world, StringBuilder out) {
        ResourceKey key = OrganizationPlan.key(organization);
        OrganizationPlan plan = OrganizationPlan.of(organization, world, OrganizationTestNews.none());
        out.append("OrganizationMailSettings ").append(key).append('\n');
        out.append("  route:").append(plan.route().map(ShownRoute::of).orElse(" as it was\n"));
        out.append("  binding: ").append(plan.binding().map(Object::toString).orElse("as it was")).append('\n');
        plan.binding().ifPresent(binding -> tellings(binding, out));
        plan.copies()
                .ifPresent(copies -> out.append("  copies: ")
                        .append(copies.name())
                        .append(" to ")
                        .append(copies.toWrite())
                        .append('\n'));
        out.append("  servers: ").append(plan.status().serverSummary()).append('\n');
        Optional.ofNullable(plan.status().dkim())
                .orElse(List.of())
                .forEach(record -> out.append("  dkim ")
                        .append(record.zoneFileLine())
                        .append(record.note() == null ? "" : " (" + record.note() + ")")
                        .append('\n'));
        Optional.ofNullable(plan.status().senderDomains())
                .orElse(List.of())
                .forEach(domain -> out.append("  domain ").append(domain).append('\n'));
        plan.tests()
                .forEach(t -> out.append("  test through ")
                        .append(t.mail().server().key())
                        .append(t.mail().envelopeFrom().equals(t.mail().from().address())
                                ? ""
                                : ", bounces to " + t.mail().envelopeFrom())
                        .append('\n'));
        finish(plan.release(), plan.status().conditions(), plan.notices(), out);
    }

    /** What a binding says besides how to reach the relay. */
    private static void tellings(Binding binding, StringBuilder out) {
        binding.data()
                .entrySet()
                .stream()
                .filter(entry -> entry.getKey().matches(".*_ENABLED|link-host|.*-url"))
                .forEach(entry -> out.append("    ")
                        .append(entry.getKey())
                        .append('=')
                        .append(entry.getValue())
                        .append('\n'));
    }

    private static void finish(boolean release, @Nullable List<Condition> conditions, List<Notice> notices,
            StringBuilder out) {
        if (release) {
            out.append("  goes\n");
        }
        if (conditions != null) {
            conditions.forEach(c -> out.append("  ")
                    .append(c.type())
                    .append('=')
                    .append(c.status())
                    .append(' ')
                    .append(c.reason())
                    .append(": ")
                    .append(c.message())
                    .append('\n'));
        }
        notices.forEach(n -> out.append("  event ")
                .append(n.warning() ? "Warning " : "Normal ")
                .append(n.reason())
                .append(": ")
                .append(n.message().replace("\n", " | "))
                .append('\n'));
    }
}
