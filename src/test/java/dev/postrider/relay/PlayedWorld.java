package dev.postrider.relay;

import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.plan.Binding;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.CopyLookup;
import dev.postrider.plan.Installation;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.NamespaceLookup;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.OrganizationTestNews;
import dev.postrider.plan.RelayState;
import dev.postrider.plan.SecretLookup;
import dev.postrider.plan.ServerView;
import dev.postrider.plan.TestNews;
import dev.postrider.plan.TestOrder;
import dev.postrider.plan.World;
import dev.postrider.relay.routes.Routes;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.RelayRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TestResult;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * Servers and organizations that people edit at random. Each is planned until nothing changes any more, and the routes
 * go to a relay as they would in Secrets.
 */
final class PlayedWorld implements World {
    private static final List<ResourceKey> SERVERS = List.of(new ResourceKey("postrider-system", "first"),
            new ResourceKey("postrider-system", "second"), new ResourceKey("doubtful", "third"),
            new ResourceKey("acme", "own"), new ResourceKey("acme", "spare"));
    private static final List<ResourceKey> ORGANIZATIONS = List.of(new ResourceKey("acme", "shop"),
            new ResourceKey("acme", "erp"));
    private static final int MOST_ROUNDS = 10;

    private final Random random;
    private final Routes routes;
    private final Map<ResourceKey, MailServer> servers = new TreeMap<>();
    private final Map<ResourceKey, OrganizationMailSettings> organizations = new TreeMap<>();
    private final Map<ResourceKey, String> testEnds = new HashMap<>();
    private final Map<ResourceKey, TestOrder> running = new HashMap<>();
    private final Map<ResourceKey, String> passwords = new HashMap<>();
    private final Map<ResourceKey, OrganizationTestNews.Finished> testedByOrganization = new HashMap<>();
    private final List<String> history = new ArrayList<>();
    private Instant now = Instant.parse("2027-01-12T09:00:00Z");
    private boolean required;
    private boolean doubtfulTrusted;
    private boolean secretThere;

    PlayedWorld(Random random, Routes routes) {
        this.random = random;
        this.routes = routes;
        install();
        SERVERS.forEach(this::declareServer);
        ORGANIZATIONS.forEach(this::declareOrganization);
        converge();
    }

    Map<ResourceKey, OrganizationMailSettings> organizations() {
        return organizations;
    }

    /** The password in an organization's binding, if it was ever written. */
    Optional<String> password(ResourceKey organization) {
        return Optional.ofNullable(passwords.get(organization));
    }

    /** What was edited, the latest last. */
    List<String> history() {
        return history;
    }

    /** Nothing of it is left in the relay. */
    void vanish() {
        SERVERS.forEach(routes::removeServer);
        ORGANIZATIONS.forEach(routes::removeOrganization);
    }

    /** One edit by somebody, and all that comes of it. */
    void edit() {
        now = now.plusSeconds(60L * (1 + random.nextInt(90)));
        switch (random.nextInt(8)) {
            case 0 -> install();
            case 1, 2, 3 -> declareServer(any(SERVERS));
            case 4 -> end(any(SERVERS), "server", servers.values());
            case 5 -> end(any(ORGANIZATIONS), "organization", organizations.values());
            default -> declareOrganization(any(ORGANIZATIONS));
        }
        converge();
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private boolean rarely() {
        return random.nextInt(5) == 0;
    }

    private void install() {
        required = !rarely();
        doubtfulTrusted = random.nextBoolean();
        secretThere = !rarely();
        history.add("install: required=%s, doubtful is trusted=%s, Secret is there=%s".formatted(required,
                doubtfulTrusted, secretThere));
        routes.put(RouteJson.read(RouteJson.write(new RelayRoute(required, TestRoutes.CERTIFICATE.certificateChain(),
                TestRoutes.CERTIFICATE.privateKey(), "")), RelayRoute.class));
    }

    private void declareServer(ResourceKey key) {
        String authentication = switch (random.nextInt(6)) {
            case 0 -> ", \"authentication\": {\"submitter\": {}}";
            case 1 -> ", \"authentication\": {\"password\": {\"secretRef\": {\"name\": \"login\"}}}";
            default -> "";
        };
        String test = switch (random.nextInt(4)) {
            case 0 -> "";
            case 1 -> ", \"test\": {\"recipient\": \"a@b.example\", \"when\": \"OnRequest\"}";
            default -> ", \"test\": {\"recipient\": \"a@b.example\"}";
        };
        String spec = "{\"scope\": \"%s\", \"active\": %s, \"smtp\": {\"host\": \"mx%d.example\"%s}%s}".formatted(
                key.namespace().equals("acme") ? "Organization" : "Global", !rarely(), random.nextInt(2),
                authentication, test);
        testEnds.put(key, any(List.of("accepted", "accepted", "Connection", "Authentication", "running")));
        running.remove(key);
        history.add("server " + key + ": " + spec + ", its test: " + testEnds.get(key));
        declare(servers, key, spec, MailServer.class);
    }

    private void declareOrganization(ResourceKey key) {
        List<String> named = new ArrayList<>();
        if (random.nextBoolean()) {
            SERVERS.stream()
                    .filter(_ -> random.nextInt(3) == 0)
                    .forEach(server -> named.add("{\"name\": \"%s\", \"namespace\": \"%s\"}".formatted(server.name(),
                            server.namespace())));
        }
        String spec = "{\"identity\": {\"from\": {\"address\": \"%s\"}}, \"servers\": %s, \"sendingEnabled\": %s}"
                .formatted(rarely() ? "a@b..example" : "a@b.example", named, !rarely());
        boolean asksForTest = random.nextInt(3) == 0;
        history.add("organization " + key + ": " + spec + (asksForTest ? ", asks for a test" : ""));
        OrganizationMailSettings organization = declare(organizations, key, spec, OrganizationMailSettings.class);
        if (asksForTest) {
            organization.getMetadata()
                    .setAnnotations(Map.of("postrider.dev/test-send", "c@d.example " + history.size()));
        }
    }

    private <R extends HasMetadata> R declare(Map<ResourceKey, R> there, ResourceKey key, String spec, Class<R> type) {
        R resource = Serialization.unmarshal("{\"metadata\": {\"namespace\": \"%s\", \"name\": \"%s\"}, \"spec\": %s}"
                .formatted(key.namespace(), key.name(), spec), type);
        Optional.ofNullable(there.put(key, resource)).ifPresent(old -> {
            resource.getMetadata().setDeletionTimestamp(old.getMetadata().getDeletionTimestamp());
            switch (resource) {
                case MailServer server -> server.setStatus(((MailServer) old).getStatus());
                case OrganizationMailSettings organization ->
                    organization.setStatus(((OrganizationMailSettings) old).getStatus());
                default -> throw new IllegalArgumentException();
            }
        });
        return resource;
    }

    /** Deletes a resource; perhaps that is confirmed. */
    private void end(ResourceKey key, String kind, Iterable<? extends HasMetadata> all) {
        boolean confirmed = random.nextBoolean();
        for (HasMetadata resource : all) {
            if (new ResourceKey(resource.getMetadata().getNamespace(), resource.getMetadata().getName()).equals(key)) {
                history.add("delete " + kind + " " + key + (confirmed ? ", confirmed" : ""));
                resource.getMetadata().setDeletionTimestamp(now.toString());
                String confirmation = confirmed ? ", \"deletionConfirmation\": \"Delete\"}" : "}";
                String spec = switch (resource) {
                    case MailServer server -> Serialization.asJson(server.getSpec());
                    case OrganizationMailSettings organization -> Serialization.asJson(organization.getSpec());
                    default -> throw new IllegalArgumentException();
                };
                spec = spec.substring(0, spec.length() - 1) + confirmation;
                if (resource instanceof MailServer) {
                    declare(servers, key, spec, MailServer.class);
                } else {
                    declare(organizations, key, spec, OrganizationMailSettings.class);
                }
                return;
            }
        }
    }

    private void converge() {
        boolean changed = true;
        for (int round = 0; changed; round++) {
            if (round == MOST_ROUNDS) {
                throw new AssertionError("statuses go on changing: " + history);
            }
            changed = false;
            for (ResourceKey key : List.copyOf(servers.keySet())) {
                changed |= planServer(key, Objects.requireNonNull(servers.get(key)));
            }
            for (ResourceKey key : List.copyOf(organizations.keySet())) {
                changed |= planOrganization(key, Objects.requireNonNull(organizations.get(key)));
            }
        }
    }

    private boolean planServer(ResourceKey key, MailServer server) {
        TestNews news = Optional.ofNullable(running.get(key)).map(TestNews::running).orElseGet(TestNews::none);
        MailServerPlan plan = MailServerPlan.of(server, this, news);
        if (plan.test().isPresent()) {
            TestOrder order = plan.test().get();
            if ("running".equals(testEnds.get(key))) {
                running.put(key, order);
            } else {
                server.setStatus(plan.status());
                plan = MailServerPlan.of(server, this, TestNews.finished(order, result(key)));
            }
        }
        plan.route()
                .filter(route -> !serverRoute(key).equals(Optional.of(route)))
                .ifPresent(route -> routes.put(RouteJson.read(RouteJson.write(route), ServerRoute.class)));
        boolean changed = !plan.status().equals(server.getStatus());
        server.setStatus(plan.status());
        if (plan.release()) {
            routes.removeServer(key);
            servers.remove(key);
            running.remove(key);
        }
        return changed || plan.release();
    }

    private TestResult result(ResourceKey server) {
        String end = testEnds.getOrDefault(server, "accepted");
        boolean accepted = !end.equals("Connection") && !end.equals("Authentication");
        return new TestResult(now, Duration.ofMillis(3), "mx.example:587", Optional.of("250 ok"), Optional.empty(),
                accepted
                        ? Optional.empty()
                        : Optional.of(new TestResult.Failure(TestResult.Step.valueOf(end), "it failed", "")));
    }

    private boolean planOrganization(ResourceKey key, OrganizationMailSettings organization) {
        OrganizationTestNews news = new OrganizationTestNews(Map.of(), Map.copyOf(testedByOrganization));
        testedByOrganization.clear();
        OrganizationPlan plan = OrganizationPlan.of(organization, this, news);
        plan.tests().forEach(order -> {
            ResourceKey server = order.mail().server().key();
            testedByOrganization.put(server, new OrganizationTestNews.Finished(order, result(server)));
        });
        if (!plan.tests().isEmpty()) {
            organization.setStatus(plan.status());
            return planOrganization(key, organization);
        }
        plan.route()
                .filter(route -> !organizationRoute(key).equals(Optional.of(route)))
                .ifPresent(route -> routes.put(RouteJson.read(RouteJson.write(route), OrganizationRoute.class)));
        plan.binding().ifPresent(binding -> passwords.put(key, binding.data().get(Binding.PASSWORD)));
        boolean changed = !plan.status().equals(organization.getStatus());
        organization.setStatus(plan.status());
        if (plan.release()) {
            routes.removeOrganization(key);
            organizations.remove(key);
            passwords.remove(key);
        }
        return changed || plan.release();
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Installation installation() {
        return new Installation(
                doubtfulTrusted ? Set.of("postrider-system", "doubtful") : Set.of("postrider-system"), required,
                Optional.of(new Installation.RelayAddress("relay.test", 587, Optional.empty())), false,
                Installation.SupportSettings.OWN, "the key");
    }

    @Override
    public RelayState relay() {
        return RelayState.available(1);
    }

    @Override
    public SecretLookup secret(ResourceKey key) {
        return secretThere
                ? new SecretLookup.Found(Map.of("username", "relay", "password", "s3cret"), Optional.empty())
                : new SecretLookup.Missing();
    }

    @Override
    public ConfigMapLookup configMap(ResourceKey key) {
        return new ConfigMapLookup.Missing();
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
        return routes.server(server);
    }

    @Override
    public Optional<OrganizationRoute> organizationRoute(ResourceKey organization) {
        return routes.organization(organization);
    }

    @Override
    public BindingLookup binding(ResourceKey organization, String secretName) {
        return password(organization).<BindingLookup>map(BindingLookup.Own::new)
                .orElseGet(BindingLookup.Missing::new);
    }

    @Override
    public NamespaceLookup namespace(String name) {
        return new NamespaceLookup.Missing();
    }

    @Override
    public CopyLookup copy(ResourceKey organization, ResourceKey secret) {
        return CopyLookup.MISSING;
    }

    @Override
    public String newPassword() {
        return TestRoutes.PASSWORD + random.nextInt();
    }

    @Override
    public List<ResourceKey> usersOf(MailServer server) {
        return List.of();
    }

    @Override
    public List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return List.of();
    }

    @Override
    public OptionalInt boundPassed(HasMetadata resource) {
        return OptionalInt.empty();
    }

    @Override
    public OptionalLong octetsPassed(HasMetadata resource) {
        return OptionalLong.empty();
    }

    @Override
    public TestTurn testTurn(HasMetadata resource, ResourceKey server) {
        return new TestTurn(now(), 30);
    }

    @Override
    public boolean linkHostTaken(OrganizationMailSettings organization, String hostName) {
        return random.nextInt(3) == 0;
    }

    @Override
    public OptionalLong queued(ResourceKey organization) {
        return OptionalLong.of(random.nextInt(3));
    }
}
