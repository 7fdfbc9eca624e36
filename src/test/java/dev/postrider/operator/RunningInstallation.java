package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.Dialogue;
import dev.postrider.relay.Relay;
import dev.postrider.relay.TestRoutes;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.MountedBinding;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/**
 * A whole installation in this process against the real API server: the operator, and the relay that the Deployment
 * would run. The relay learns its routes as in a cluster, from the Secrets that the operator writes.
 */
final class RunningInstallation implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** An organization "acme" that uses the global server. */
    private static final String ACME = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: $TENANT}
            spec:
              identity: {from: {address: noreply@acme.example, name: Acme}}
            """;

    private final ApiServer api;
    private final RunningRelay relay;
    private final String settings;
    private final InstantSource calendar;
    private final String namespace;
    private final String tenant;
    private final String[] others;
    private RunningOperator operator;

    /**
     * Starts one in which an organization "acme" may send.
     *
     * @param queue where the relay keeps its queue
     * @param port  of the global server, on this machine
     */
    static RunningInstallation whereMailWorks(ApiServer api, Path queue, int port) throws IOException {
        return whereMailWorks(api, queue, port, "");
    }

    /**
     * Starts one in which an organization "acme" may send.
     *
     * @param settings more of settings.yaml
     */
    static RunningInstallation whereMailWorks(ApiServer api, Path queue, int port, String settings)
            throws IOException {
        var installation = new RunningInstallation(api, queue, settings);
        RunningOperator operator = installation.operator();
        operator.applyGlobalServer(port);
        operator.apply(ACME);
        operator.startRelay();
        installation.awaitOrganization(operator.tenant(), "acme", "Ready", Condition.Status.True, "MailWorks");
        return installation;
    }

    /**
     * Starts one in namespaces of its own.
     *
     * @param queue    where the relay keeps its queue
     * @param settings more of settings.yaml
     * @param others   namespaces of further tenants
     */
    RunningInstallation(ApiServer api, Path queue, String settings, String... others) throws IOException {
        this(api, queue, settings, InstantSource.system(), others);
    }

    /**
     * Starts one whose notices are due by a clock.
     *
     * @param others namespaces of further tenants
     */
    RunningInstallation(ApiServer api, Path queue, String settings, InstantSource calendar, String... others)
            throws IOException {
        this.calendar = calendar;
        this.api = api;
        this.others = others;
        namespace = api.createNamespace("operator");
        tenant = api.createNamespace("tenant");
        relay = new RunningRelay(api, namespace, queue);
        this.settings = relay.settings() + settings;
        operator = new RunningOperator(api, this.settings, calendar, namespace, tenant, others);
    }

    RunningOperator operator() {
        return operator;
    }

    /** Ends the operator and starts another, as a new pod would; the relay goes on. */
    void restartOperator() throws IOException {
        operator.close();
        operator = new RunningOperator(api, settings, calendar, namespace, tenant, others);
    }

    /** Starts another operator beside the one that leads, and ends that one, so that the other takes over. */
    void changeLeader() throws IOException {
        RunningOperator leader = operator;
        operator = new RunningOperator(api, settings, calendar, namespace, tenant, others);
        leader.close();
    }

    /** What the relay counts. */
    String metrics() throws IOException {
        return operator.get(relay().adminPort(), "/metrics");
    }

    Relay relay() {
        return relay.relay();
    }

    /** What an application finds in its mounted binding. */
    MountedBinding binding(String inNamespace, String name) {
        return MountedBinding.of(operator.client().secrets().inNamespace(inNamespace).withName(name).require());
    }

    /** A session at the relay after STARTTLS, EHLO, and login with a binding. */
    Dialogue session(MountedBinding binding) throws Exception {
        return session(binding, "");
    }

    /** The same with something after the user name. */
    Dialogue session(MountedBinding binding, String suffix) throws Exception {
        Dialogue session = Dialogue.connect(relay().submissionPort());
        session.say("EHLO application.test");
        assertThat(session.say("STARTTLS")).startsWith("220");
        session.encrypt(TestRoutes.trusting(binding.caCertificate()));
        session.say("EHLO application.test");
        assertThat(session.login(binding.user() + suffix, binding.password())).startsWith("235");
        return session;
    }

    void awaitServer(String inNamespace, String name, String type, Condition.Status status, String reason) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(operator.serverCondition(inNamespace, name, type)
                        .map(RunningInstallation::statusAndReason))
                        .contains(Map.entry(status, reason)));
    }

    void awaitOrganization(String inNamespace, String name, String type, Condition.Status status, String reason) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(operator.organizationCondition(inNamespace, name, type)
                        .map(RunningInstallation::statusAndReason))
                        .contains(Map.entry(status, reason)));
    }

    private static Map.Entry<Condition.Status, String> statusAndReason(Condition condition) {
        return Map.entry(condition.status(), condition.reason());
    }

    @Override
    public void close() {
        operator.close();
        relay.close();
    }
}
