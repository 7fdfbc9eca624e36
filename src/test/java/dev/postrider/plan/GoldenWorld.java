package dev.postrider.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRest;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.UsedLimit;
import dev.postrider.route.TestResult;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A world that is written down as manifests, with a document of kind World for what no manifest says. */
public final class GoldenWorld implements World {
    public static final Instant NOW = Instant.parse("2027-01-12T09:00:00Z");

    Instant now = NOW;
    public final Map<ResourceKey, MailServer> servers = new LinkedHashMap<>();
    public final Map<ResourceKey, OrganizationMailSettings> organizations = new LinkedHashMap<>();
    public final List<LicenseExpiryNotice> licenses = new ArrayList<>();
    public final Map<ResourceKey, ServerRoute> serverRoutes = new HashMap<>();
    final Map<ResourceKey, OrganizationRoute> organizationRoutes = new HashMap<>();
    final Map<ResourceKey, ServerRest> rests = new HashMap<>();
    private static final Pattern DOCUMENT_END = Pattern.compile("(?m)^---\\s*$");

    private final Map<String, Namespace> namespaces = new HashMap<>();
    private final Map<ResourceKey, Secret> secrets = new HashMap<>();
    private final Map<ResourceKey, ConfigMap> configMaps = new HashMap<>();
    private JsonNode world = JsonNodeFactory.instance.objectNode();

    public GoldenWorld(String manifests) {
        for (String document : documents(manifests)) {
            JsonNode tree = Serialization.unmarshal(document, JsonNode.class);
            if (tree == null || tree.isEmpty()) {
                continue;
            }
            switch (tree.path("kind").asText()) {
                case "World" -> world = tree;
                case "MailServer" -> put(servers, Serialization.unmarshal(document, MailServer.class));
                case "OrganizationMailSettings" ->
                    put(organizations, Serialization.unmarshal(document, OrganizationMailSettings.class));
                case "LicenseExpiryNotice" ->
                    licenses.add(Serialization.unmarshal(document, LicenseExpiryNotice.class));
                case "Secret" -> put(secrets, Serialization.unmarshal(document, Secret.class));
                case "Namespace" -> {
                    Namespace namespace = Serialization.unmarshal(document, Namespace.class);
                    namespaces.put(namespace.getMetadata().getName(), namespace);
                }
                case "ConfigMap" -> put(configMaps, Serialization.unmarshal(document, ConfigMap.class));
                default -> throw new IllegalArgumentException(document);
            }
        }
    }

    /** The documents of manifests, one by one. */
    public static List<String> documents(String manifests) {
        return DOCUMENT_END.splitAsStream(manifests).toList();
    }

    private static <R extends HasMetadata> void put(Map<ResourceKey, R> map, R resource) {
        map.put(new ResourceKey(resource.getMetadata().getNamespace(), resource.getMetadata().getName()), resource);
    }

    /** Servers that rest since nine o'clock are in the world's {@code rests}, with why. */
    @Override
    public Optional<ServerRest> rest(ResourceKey server) {
        return rests.containsKey(server)
                ? Optional.of(rests.get(server))
                : Optional.ofNullable(world.path("rests").path(server.toString()).textValue())
                        .map(why -> new ServerRest(server, NOW, why));
    }

    /** Plans for all servers until their tests have ended, then for all organizations. */
    public void converge() {
        List.copyOf(servers.values()).forEach(server -> {
            ResourceKey key = MailServerPlan.key(server);
            MailServerPlan plan = MailServerPlan.of(server, this, TestNews.none());
            if (plan.test().isPresent()) {
                plan = MailServerPlan.of(server, this, TestNews.finished(plan.test().get(), testOf(key)));
            }
            server.setStatus(plan.status());
            plan.route().ifPresent(route -> serverRoutes.put(key, route));
        });
        organizations.values()
                .forEach(organization -> organization.setStatus(
                        OrganizationPlan.of(organization, this, OrganizationTestNews.none()).status()));
    }

    /**
     * How the test of a server ends: {@code accepted}, unless the World says at which step it fails, or
     * {@code accepted in the clear}.
     */
    TestResult testOf(ResourceKey server) {
        String end = world.path("tests").path(server.toString()).asText("accepted");
        Optional<TestResult.Failure> failure = end.startsWith("accepted")
                ? Optional.empty()
                : Optional.of(new TestResult.Failure(TestResult.Step.valueOf(end), "the server said no", "C: x\nS: y"));
        return new TestResult(now, Duration.ofMillis(312), "mail.example.com:587 (192.0.2.1)",
                Optional.of(failure.isEmpty() ? "250 2.0.0 Ok: queued as 4XyZ" : "535 5.7.8 no"),
                end.endsWith("clear")
                        ? Optional.empty()
                        : Optional.of(new TestResult.Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")),
                failure);
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Installation installation() {
        return new Installation(Set.of("postrider-system"),
                !world.path("globalServerPolicy").asText("Required").equals("Optional"),
                Optional.of(new Installation.RelayAddress("postrider-relay.postrider-system.svc", 587,
                        Optional.of("the CA"))).filter(_ -> world.path("certificate").asBoolean(true)),
                world.path("servesLinks").asBoolean(false), Set.of("links.shared.example"),
                new Installation.SupportSettings(Optional.ofNullable(world.path("support").textValue()),
                        world.path("ownSupport").asBoolean(false)),
                Arrays.stream(Installation.SenderDomains.values())
                        .filter(policy -> policy.text().equals(world.path("senderDomains").asText()))
                        .findFirst(),
                "the key");
    }

    @Override
    public RelayState relay() {
        return switch (world.path("relay").asText("Available")) {
            case "NoServer" -> RelayState.notNeeded();
            case "Available" -> RelayState.available(1);
            default -> RelayState.unavailable("Deployment postrider-system/postrider-relay has no available replica");
        };
    }

    @Override
    public SecretLookup secret(ResourceKey key) {
        Secret secret = secrets.get(key);
        if (secret == null) {
            return new SecretLookup.Missing();
        }
        Map<String, String> labels = secret.getMetadata().getLabels();
        if (labels == null || !"true".equals(labels.get(PostriderApi.CREDENTIALS_LABEL))) {
            return new SecretLookup.Unlabelled();
        }
        return new SecretLookup.Found(secret.getStringData() == null ? Map.of() : secret.getStringData(),
                Optional.ofNullable(secret.getMetadata().getAnnotations())
                        .map(a -> a.get(PostriderApi.HOSTS_ANNOTATION)));
    }

    @Override
    public ConfigMapLookup configMap(ResourceKey key) {
        ConfigMap configMap = configMaps.get(key);
        if (configMap == null) {
            return new ConfigMapLookup.Missing();
        }
        Map<String, String> labels = configMap.getMetadata().getLabels();
        return labels != null && "true".equals(labels.get(PostriderApi.CERTIFICATE_AUTHORITIES_LABEL))
                ? new ConfigMapLookup.Found(configMap.getData())
                : new ConfigMapLookup.Unlabelled();
    }

    @Override
    public Optional<ServerView> mailServer(ResourceKey key) {
        return Optional.ofNullable(servers.get(key)).map(server -> ServerView.of(server, serverRoute(key)));
    }

    @Override
    public Optional<Instant> testedAt(ResourceKey server) {
        return Optional.ofNullable(servers.get(server)).flatMap(MailServerPlan::testedAt);
    }

    @Override
    public Optional<OrganizationMailSettings> organization(ResourceKey key) {
        return Optional.ofNullable(organizations.get(key));
    }

    @Override
    public List<ServerView> globalServers() {
        return servers.keySet().stream().flatMap(key -> mailServer(key).stream()).filter(ServerView::global).toList();
    }

    @Override
    public Optional<ServerRoute> serverRoute(ResourceKey server) {
        return Optional.ofNullable(serverRoutes.get(server));
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return Optional.ofNullable(organizationRoutes.get(organization));
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        Secret secret = secrets.get(new ResourceKey(organization.namespace(), secretName));
        if (secret == null) {
            return new BindingLookup.Missing();
        }
        Map<String, String> labels = secret.getMetadata().getLabels();
        return labels != null && labels.containsKey("postrider.dev/binding")
                ? new BindingLookup.Own(secret.getStringData().getOrDefault("password", ""))
                : BindingLookup.Foreign.unknown();
    }

    /** A Namespace that is a manifest; {@code unreadable} of the World names one that the API server does not tell of. */
    @Override
    public NamespaceLookup namespace(String name) {
        Namespace namespace = namespaces.get(name);
        if (!world.path("cluster").asBoolean(true)) {
            return new NamespaceLookup.NoCluster();
        }
        if (world.path("unreadable").asText().equals(name)) {
            return new NamespaceLookup.Unreadable("the API server answered 403");
        }
        return namespace == null
                ? new NamespaceLookup.Missing()
                : new NamespaceLookup.Found(
                        Optional.ofNullable(namespace.getMetadata().getLabels()).orElseGet(Map::of),
                        namespace.getMetadata().getDeletionTimestamp() != null);
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey key) {
        Secret secret = secrets.get(key);
        if (secret == null) {
            return CopyLookup.MISSING;
        }
        return organization.toString().equals(secret.getMetadata().getAnnotations().get("postrider.dev/copy-of"))
                ? CopyLookup.OWN
                : CopyLookup.FOREIGN;
    }

    @Override
    public String newPassword() {
        return "a-new-password";
    }

    @Override
    public List<ResourceKey> usersOf(MailServer server) {
        return new ArrayList<>(organizations.keySet());
    }

    @Override
    public List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return licenses.stream()
                .filter(notice -> notice.getMetadata().getNamespace().equals(organization.namespace()))
                .toList();
    }

    /** What {@code dns} of the World says of a domain: found, beyond, missing or unanswered, an hour after it was first so. */
    @Override
    public Optional<DomainAnswer> domainAnswer(String namespace, String domain) {
        Instant since = now.minus(Duration.ofHours(1));
        return switch (world.path("dns").path(domain).asText()) {
            case "found" -> Optional.of(new DomainAnswer.Found());
            case "missing" -> Optional.of(new DomainAnswer.Missing(since, now, "there is no TXT record"));
            case "beyond" -> Optional.of(new DomainAnswer.BeyondBound(100));
            case "unanswered" -> Optional.of(new DomainAnswer.Unanswered(since, now, "DNS did not answer"));
            default -> Optional.empty();
        };
    }

    @Override
    public OptionalInt boundPassed(HasMetadata resource) {
        boolean server = resource instanceof MailServer;
        JsonNode most = world.path("namespaceLimits").path(server ? "mailServers" : "organizations");
        long before = (server ? servers : organizations).values()
                .stream()
                .filter(other -> other.getMetadata().getNamespace().equals(resource.getMetadata().getNamespace()))
                .filter(other -> declared(other).compareTo(declared(resource)) < 0)
                .count();
        return most.isNumber() && before >= most.asInt() ? OptionalInt.of(most.asInt()) : OptionalInt.empty();
    }

    /** By the specs alone. */
    @Override
    public OptionalLong octetsPassed(HasMetadata resource) {
        JsonNode most = world.path("namespaceLimits").path("octets");
        long sum = Stream.concat(servers.values().stream(), organizations.values().stream())
                .filter(other -> other.getMetadata().getNamespace().equals(resource.getMetadata().getNamespace()))
                .filter(other -> declared(other).compareTo(declared(resource)) <= 0)
                .mapToLong(other -> Serialization.asJson(other.getSpec()).length())
                .sum();
        return most.isNumber() && sum > most.asLong() ? OptionalLong.of(most.asLong()) : OptionalLong.empty();
    }

    private static String declared(HasMetadata resource) {
        return resource.getMetadata().getCreationTimestamp() + " " + resource.getMetadata().getName();
    }

    @Override
    public TestTurn testTurn(HasMetadata resource, ResourceKey server) {
        return new TestTurn(now(), 30);
    }

    @Override
    public boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        return world.path("linkHostTaken").asBoolean(false);
    }

    @Override
    public Optional<UsedLimit> usedLimit(ResourceKey organization) {
        return Optional.ofNullable(UsedLimit.read(world.path("usedLimits")).get(organization));
    }

    /** {@code mailRests: {acme/acme: [{uid, server, since, until, class, why}]}}; null before the relays have said it. */
    @Override
    public Optional<List<MailRest>> mailRests(ResourceKey organization) {
        JsonNode told = world.path("mailRests").path(organization.toString());
        List<MailRest> rests = new ArrayList<>();
        told.forEach(rest -> rests.add(new MailRest(organization, text(rest, "uid"),
                text(rest, "server").map(ResourceKey::parse), Instant.parse(rest.path("since").asText()),
                rest.path("release").asBoolean() ? MailRest.End.RELEASE : MailRest.End.TIME,
                text(rest, "until").map(Instant::parse), text(rest, "class"), rest.path("why").asText())));
        return Optional.of(rests).filter(_ -> !told.isNull());
    }

    private static Optional<String> text(JsonNode node, String field) {
        return Optional.ofNullable(node.path(field).textValue());
    }

    @Override
    public Optional<LostReports> lostReports(ResourceKey organization) {
        JsonNode lost = world.path("lostReports").path(organization.toString());
        return lost.isMissingNode()
                ? Optional.empty()
                : Optional.of(lost.isNull()
                        ? LostReports.none(organization)
                        : new LostReports(organization, lost.path("reports").asLong(),
                                Instant.parse(lost.path("last").asText()), lost.path("recipient").asText(),
                                lost.path("reason").asText()));
    }

    @Override
    public OptionalLong queued(ResourceKey organization) {
        JsonNode queued = world.path("queued");
        return queued.isNumber() ? OptionalLong.of(queued.asLong()) : OptionalLong.empty();
    }
}
