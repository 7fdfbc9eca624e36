package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A real Kubernetes API server with etcd, with Postrider's kinds. One serves all tests of a virtual machine, so each
 * test takes namespaces of its own. No controllers run: nothing is collected as garbage, a deleted namespace stays,
 * and a Deployment has no pods.
 */
public final class ApiServer implements AutoCloseable {
    private static @Nullable ApiServer shared;

    private final ControlPlane controlPlane;
    private final Path kubectl;
    private final KubernetesClient client;

    private ApiServer(ControlPlane controlPlane, Path kubectl) {
        this.controlPlane = controlPlane;
        this.kubectl = kubectl;
        this.client = controlPlane.newClient();
    }

    /**
     * The server that all tests share; it ends with the virtual machine.
     *
     * @throws IllegalStateException when its programs cannot be had; the message says what to do
     */
    public static synchronized ApiServer shared() {
        if (shared == null) {
            shared = start();
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
        }
        return shared;
    }

    /** Another server, to be closed by who starts it. */
    public static ApiServer start() {
        var binaries = KubernetesBinaries.ofThisMachine().apiServer();
        var server = new ApiServer(ControlPlane.start(binaries), binaries.resolve("kubectl"));
        server.installKinds();
        return server;
    }

    /** A client with all rights; shared, not to be closed. */
    public KubernetesClient client() {
        return client;
    }

    /** A client with all rights of one's own, to be closed by who asked. */
    public KubernetesClient newClient() {
        return controlPlane.newClient();
    }

    /** A kubeconfig with all rights. */
    public Path kubeconfig() {
        return controlPlane.kubeconfig();
    }

    /** Another with all rights, of a user whose writes are written down. */
    public Path auditedKubeconfig() {
        return controlPlane.auditedKubeconfig();
    }

    /**
     * Each request of that user so far that would change something in a namespace, whether it was carried out or not,
     * as {@code patch /api/v1/namespaces/shop/secrets/acme-mail?fieldManager=postrider}.
     */
    public List<String> auditedWrites(String namespace) {
        try (var log = Files.lines(controlPlane.auditLog())) {
            return log.map(ApiServer::json)
                    .map(event -> event.path("verb").asText() + " " + event.path("requestURI").asText())
                    .filter(request -> request.contains("/namespaces/" + namespace + "/"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode json(String line) {
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates a namespace of which no other test has the name. */
    public String createNamespace(String prefix) {
        var namespace = new NamespaceBuilder().withNewMetadata().withGenerateName(prefix + "-").endMetadata().build();
        return client.resource(namespace).create().getMetadata().getName();
    }

    /** Runs kubectl with all rights; {@code --as} tries fewer. */
    public CommandResult kubectl(String... arguments) {
        return kubectlWithInput("", arguments);
    }

    /** Runs kubectl with all rights and with something to read, as for {@code apply -f -}. */
    public CommandResult kubectlWithInput(String input, String... arguments) {
        var command = new ArrayList<>(List.of(kubectl.toString()));
        command.addAll(Arrays.asList(arguments));
        var environment = Map.of("KUBECONFIG", kubeconfig().toString(), "KUBECACHEDIR",
                controlPlane.folder().resolve("kubectl-cache").toString());
        return CommandResult.run(Path.of("."), environment, input, command);
    }

    private void installKinds() {
        var files = new File("crds").listFiles((_, name) -> name.endsWith(".yaml"));
        if (files == null || files.length == 0) {
            throw new IllegalStateException("no custom resource definitions in crds/; tests run in the project's root");
        }
        for (var file : files) {
            try (var content = Files.newInputStream(file.toPath())) {
                client.apiextensions().v1().customResourceDefinitions().load(content).serverSideApply();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(50)).ignoreExceptions().until(() -> {
            client.resources(MailServer.class).inAnyNamespace().list();
            client.resources(OrganizationMailSettings.class).inAnyNamespace().list();
            client.resources(LicenseExpiryNotice.class).inAnyNamespace().list();
            return true;
        });
    }

    @Override
    public void close() {
        client.close();
        controlPlane.close();
    }
}
