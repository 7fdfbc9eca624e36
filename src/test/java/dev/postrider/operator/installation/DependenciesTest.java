package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.postrider.api.MailServer;
import dev.postrider.operator.installation.Dependencies.Reader;
import dev.postrider.operator.kit.Lifecycle;
import dev.postrider.plan.GoldenWorld;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.World;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a plan looks at wakes it, and nothing else does. */
@Tag("promises")
final class DependenciesTest {

    /** Takes each document out of each case of the plan, and changes each of its values, one at a time. */
    @ParameterizedTest
    @MethodSource("dev.postrider.plan.PlanGoldenTest#cases")
    void whateverChangesAPlanMakesItAnew(Path folder) throws Exception {
        List<JsonNode> documents = GoldenWorld.documents(Files.readString(folder.resolve("in.yaml")))
                .stream()
                .map(document -> Serialization.unmarshal(document, JsonNode.class))
                .filter(document -> document != null && !document.path("kind").asText().equals("World"))
                .toList();
        String settings = GoldenWorld.documents(Files.readString(folder.resolve("in.yaml")))
                .stream()
                .filter(document -> document.contains("kind: World"))
                .findFirst()
                .orElse("{}");
        Played before = new Played(settings, documents);
        for (int i = 0; i < documents.size(); i++) {
            for (Optional<JsonNode> edited : edits(documents.get(i))) {
                check(before, settings, documents, i, edited);
            }
        }
    }

    private static void check(Played before, String settings, List<JsonNode> documents, int at,
            Optional<JsonNode> edited) {
        List<JsonNode> others = new ArrayList<>(documents);
        others.remove(at);
        edited.ifPresent(document -> others.add(at, document));
        Played after;
        Map<Reader, Object> now = new HashMap<>();
        try {
            after = new Played(settings, others);
            before.plans.keySet().forEach(reader -> now.put(reader, before.plan(reader, after.world)));
        } catch (IllegalArgumentException | DateTimeException | KubernetesClientException notValid) {
            // The schema takes no such value.
            return;
        }
        if (now.equals(before.plans)) {
            return;
        }
        Set<Reader> woken = new Played(settings, documents).happens(documents.get(at), edited.orElse(null),
                after.world);
        before.plans.forEach((reader, plan) -> {
            if (!plan.equals(now.get(reader))) {
                assertThat(woken).as("planned anew as %s became %s", documents.get(at), edited).contains(reader);
            }
        });
    }

    /** A document that is gone, or has another value in one place. */
    private static List<Optional<JsonNode>> edits(JsonNode document) {
        List<Optional<JsonNode>> edits = new ArrayList<>();
        edits.add(Optional.empty());
        for (int i = 0; i < leaves(document); i++) {
            JsonNode copy = document.deepCopy();
            change(copy, new int[]{i});
            if (!copy.equals(document)) {
                edits.add(Optional.of(copy));
            }
        }
        return edits;
    }

    private static int leaves(JsonNode node) {
        return node.isContainerNode()
                ? IntStream.range(0, node.size()).map(i -> leaves(child(node, i))).sum()
                : 1;
    }

    private static JsonNode child(JsonNode node, int at) {
        return List.copyOf(node instanceof ArrayNode
                ? items(node)
                : node.properties()
                        .stream()
                        .map(Map.Entry::getValue)
                        .toList())
                .get(at);
    }

    private static List<JsonNode> items(JsonNode array) {
        List<JsonNode> items = new ArrayList<>();
        array.forEach(items::add);
        return items;
    }

    /** Changes the value of which the counter says how many come before it; names stay. */
    private static void change(JsonNode node, int[] before) {
        for (int i = 0; i < node.size(); i++) {
            JsonNode value = child(node, i);
            String field = node instanceof ObjectNode ? List.copyOf(node.properties()).get(i).getKey() : "";
            if (value.isContainerNode()) {
                if (!field.equals("metadata") || value.has("labels")) {
                    change(value, before);
                } else {
                    before[0] -= leaves(value);
                }
            } else if (before[0]-- == 0) {
                if (Set.of("kind", "name", "namespace").contains(field)) {
                    return;
                }
                JsonNode other = value.isBoolean()
                        ? BooleanNode.valueOf(!value.asBoolean())
                        : TextNode.valueOf(value.isNumber() ? "" + (value.asInt() + 1) : value.asText() + "x");
                switch (node) {
                    case ObjectNode object -> object.set(field, other);
                    case ArrayNode array -> array.set(i, other);
                    default -> throw new IllegalStateException();
                }
            }
        }
    }

    /** The operator's side of a case: all of its resources were planned for. */
    private static final class Played {
        private final GoldenWorld world;
        private World now;
        private final Deque<Reader> waiting = new ArrayDeque<>();
        private final Dependencies dependencies = new Dependencies(this::now);
        private final Map<Reader, Object> plans = new HashMap<>();
        private final Set<Reader> polling = new HashSet<>();

        Played(String settings, List<JsonNode> documents) {
            world = new GoldenWorld(String.join("---\n",
                    documents.stream().map(document -> Serialization.asJson(document) + "\n").toList())
                    + "---\n" + settings);
            now = world;
            world.converge();
            world.servers.keySet().forEach(key -> record(reader(Reader.Kind.MAIL_SERVER, key)));
            world.organizations.keySet().forEach(key -> record(reader(Reader.Kind.ORGANIZATION, key)));
        }

        private World now() {
            return now;
        }

        private Reader reader(Reader.Kind kind, ResourceKey key) {
            return new Reader(kind, key, id -> waiting.add(reader(kind, Lifecycle.key(id))));
        }

        private void record(Reader reader) {
            var recording = new RecordingWorld(world, dependencies, reader);
            plans.put(reader, plan(reader, recording));
            recording.planned().ifPresent(_ -> polling.add(reader));
        }

        Object plan(Reader reader, World seen) {
            return switch (reader.kind()) {
                case MAIL_SERVER -> MailServerPlan.of(Objects.requireNonNull(world.servers.get(reader.key())), seen,
                        TestNews.none());
                case ORGANIZATION -> {
                    OrganizationPlan plan = OrganizationPlan.of(
                            Objects.requireNonNull(world.organizations.get(reader.key())), seen,
                            OrganizationTestNews.none());
                    // The copies are told in a condition, and know no equality.
                    yield List.of(plan.status(), plan.route(), plan.binding(), plan.tests(), plan.lookAgain());
                }
                case LICENSE_NOTICE -> throw new IllegalArgumentException();
            };
        }

        /** Who is planned anew in the end when a document has become another one, as reconcilers do it. */
        Set<Reader> happens(JsonNode document, @Nullable JsonNode edited, World after) {
            now = after;
            ResourceKey key = new ResourceKey(document.path("metadata").path("namespace").asText(),
                    document.path("metadata").path("name").asText());
            switch (document.path("kind").asText()) {
                case "MailServer" -> declared(Reader.Kind.MAIL_SERVER, key, edited);
                case "OrganizationMailSettings" -> declared(Reader.Kind.ORGANIZATION, key, edited);
                case "Secret" -> {
                    if (isWatched(document) || edited != null && isWatched(edited)) {
                        dependencies.changed(new Read.Secret(key));
                        // Of a binding, the informer itself wakes its owner.
                        world.organizations.forEach((owner, organization) -> {
                            if (isBinding(document) && OrganizationPlan.bindingName(organization).equals(key.name())) {
                                waiting.add(reader(Reader.Kind.ORGANIZATION, owner));
                            }
                        });
                    }
                }
                case "ConfigMap" -> {
                    if (isWatched(document) || edited != null && isWatched(edited)) {
                        dependencies.changed(new Read.ConfigMap(key));
                    }
                }
                case "LicenseExpiryNotice" -> {
                    for (JsonNode of : edited == null ? List.of(document) : List.of(document, edited)) {
                        dependencies.changed(new Read.Licenses(new ResourceKey(key.namespace(),
                                of.path("status").path("settings").path("organization").asText())));
                    }
                }
                // Asked for by the plan itself, once a minute.
                case "Namespace" -> plans.forEach((reader, plan) -> {
                    if (plan instanceof List<?> parts
                            && parts.getLast().equals(Optional.of(GoldenWorld.NOW.plus(Duration.ofMinutes(1))))) {
                        waiting.add(reader);
                    }
                });
                default -> throw new IllegalArgumentException(document.toString());
            }
            waiting.addAll(polling);
            Set<Reader> woken = new HashSet<>();
            while (!waiting.isEmpty()) {
                Reader next = waiting.remove();
                if (woken.add(next)) {
                    switch (next.kind()) {
                        case MAIL_SERVER -> dependencies.serverChanged(next.key());
                        case ORGANIZATION -> {
                            dependencies.changed(new Read.Organization(next.key()));
                            if (edited == null && next.key().equals(key)) {
                                dependencies.forget(next);
                            }
                        }
                        case LICENSE_NOTICE -> throw new IllegalArgumentException();
                    }
                }
            }
            return woken;
        }

        /** One that is gone or smaller makes room for others of its namespace, and one that is larger takes theirs. */
        private void declared(Reader.Kind kind, ResourceKey key, @Nullable JsonNode edited) {
            waiting.add(reader(kind, key));
            dependencies.changed(new Read.Octets(key.namespace()));
            if (edited == null) {
                dependencies.changed(new Read.InNamespace(kind, key.namespace()));
            }
        }

        private static boolean isWatched(JsonNode document) {
            JsonNode labels = document.path("metadata").path("labels");
            return labels.path("postrider.dev/credentials").asText().equals("true")
                    || labels.path("postrider.dev/certificate-authorities").asText().equals("true")
                    || isBinding(document);
        }

        private static boolean isBinding(JsonNode document) {
            return document.path("metadata").path("labels").has("postrider.dev/binding")
                    || document.path("metadata").path("annotations").has("postrider.dev/copy-of");
        }
    }

    private static final String TEN_THOUSAND = """
            kind: MailServer
            metadata: {name: global, namespace: postrider-system, generation: 1}
            spec: {scope: Global, smtp: {host: mail.example.com}, test: {recipient: postmaster@example.com}}
            ---
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: acme, generation: 1}
            spec: {identity: {from: {address: noreply@acme.example}}}
            """;

    @Test
    void onlyWhatAnOrganizationWouldSeeOfAGlobalServerWakesTenThousand() {
        GoldenWorld world = new GoldenWorld(TEN_THOUSAND);
        world.converge();
        List<ResourceID> woken = new ArrayList<>();
        Dependencies dependencies = new Dependencies(() -> world);
        for (int i = 0; i < 10_000; i++) {
            var recording = new RecordingWorld(world, dependencies,
                    new Reader(Reader.Kind.ORGANIZATION, new ResourceKey("acme", "acme" + i), woken::add));
            OrganizationPlan.of(Objects.requireNonNull(world.organizations.get(new ResourceKey("acme", "acme"))),
                    recording,
                    OrganizationTestNews.none());
            recording.planned();
        }
        ResourceKey global = new ResourceKey("postrider-system", "global");

        edit(world, global, status -> status.replaceAll("2027-01-12T09:00:00Z", "2027-01-12T10:00:00Z")
                .replace("the relay is running", "the relay is running with 2 replicas")
                .replace("\"observedGeneration\":1", "\"observedGeneration\":2"));
        dependencies.serverChanged(global);
        assertThat(woken).as("times and the server's own business").isEmpty();

        edit(world, global, status -> status.replace("queued as 4XyZ", "queued as 5AbC"));
        dependencies.serverChanged(global);
        assertThat(woken).as("a reply that each status tells").hasSize(10_000);

        woken.clear();
        dependencies.serverChanged(global);
        assertThat(woken).as("the same again").isEmpty();

        world.serverRoutes.clear();
        dependencies.serverChanged(global);
        assertThat(woken).as("the route is gone").hasSize(10_000);
    }

    private static void edit(GoldenWorld world, ResourceKey key, Function<String, String> status) {
        MailServer server = world.servers.get(key);
        String json = Serialization.asJson(server);
        assertThat(status.apply(json)).isNotEqualTo(json);
        world.servers.put(key, Serialization.unmarshal(status.apply(json), MailServer.class));
    }

    @Test
    void noWorldIsMadeForAChangeThatNobodyLookedAt() {
        new Dependencies(() -> {
            throw new IllegalStateException("the caches are not there yet");
        }).changed(new Read.Secret(new ResourceKey("acme", "one")));
    }

    @Test
    void nothingIsKeptOfAResourceThatIsGone() {
        GoldenWorld world = new GoldenWorld(TEN_THOUSAND);
        Dependencies dependencies = new Dependencies(() -> world);
        Reader reader = new Reader(Reader.Kind.ORGANIZATION, new ResourceKey("acme", "acme"), _ -> {});
        var recording = new RecordingWorld(world, dependencies, reader);
        recording.globalServers();
        recording.secret(new ResourceKey("acme", "one"));
        recording.planned();
        var next = new RecordingWorld(world, dependencies, reader);
        next.secret(new ResourceKey("acme", "two"));
        next.planned();
        assertThat(dependencies.size()).as("what the last plan looked at").isEqualTo(1);

        dependencies.forget(reader);
        assertThat(dependencies.size()).isZero();
    }

    @Test
    void whatNoWatchTellsOfIsLookedAtSoonAndThenMoreSeldom() {
        GoldenWorld world = new GoldenWorld(TEN_THOUSAND);
        Dependencies dependencies = new Dependencies(() -> world);
        Reader reader = new Reader(Reader.Kind.ORGANIZATION, new ResourceKey("acme", "acme"), _ -> {});
        Set<Read> missing = Set.of(new Read.Secret(new ResourceKey("acme", "one")));
        Instant start = GoldenWorld.NOW;
        assertThat(IntStream.of(0, 1, 10, 30, 600)
                .mapToObj(s -> dependencies.planned(reader, missing, missing, start.plusSeconds(s)).orElseThrow()))
                .containsExactly(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(10),
                        Duration.ofSeconds(30), Duration.ofMinutes(1));
        assertThat(dependencies.planned(reader, missing, Set.of(), start)).isEmpty();
    }
}
