package dev.postrider.cli;

import dev.postrider.local.LocalMode;
import dev.postrider.relay.admin.KubernetesAccess;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Which relay is meant, and how one shows who one is. */
final class RelayOptions {
    private static final Map<String, String> PODS = Map.of("app.kubernetes.io/name", "postrider",
            "app.kubernetes.io/component", "relay");
    private static final int ADMIN_PORT = 8080;
    private static final long TOKEN_SECONDS = 600;

    @Spec(Target.MIXEE)
    CommandSpec spec;

    @Option(names = {"-n", "--namespace"}, paramLabel = "NAMESPACE", defaultValue = "postrider-system",
            description = "Where Postrider is installed, in the cluster of the kubeconfig "
            + "(default: ${DEFAULT-VALUE}).")
    String namespace;

    @Option(names = "--context", paramLabel = "NAME", description = "A context of the kubeconfig. Default: the "
            + "current one.")
    @Nullable
    String context;

    @Option(names = "--service-account", paramLabel = "NAMESPACE/NAME", description = "Asks as this service account, "
            + "for which you must be allowed to create tokens. Default: with the kubeconfig's own token.")
    @Nullable
    String serviceAccount;

    @Option(names = "--local", paramLabel = "DIR", description = "The relay of postrider local DIR.")
    @Nullable
    Path local;

    @Option(names = "--url", paramLabel = "URL", description = "A relay's admin port, as http://localhost:8080, in "
            + "place of one of the cluster. Needs --token-file.")
    @Nullable
    URI url;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The token to ask with.")
    @Nullable
    Path tokenFile;

    // @formatter:on

    /** The way to the relay, open until it is closed. */
    RelayConnection connect() throws IOException {
        if (local != null) {
            Path state = LocalState.of(local);
            return RelayConnection.to(URI.create(read(state.resolve(LocalMode.ADMIN_URL), "Start postrider local "
                    + local + " first")), read(state.resolve(LocalMode.ADMIN_TOKEN), "Start it first"));
        }
        if (url != null) {
            if (tokenFile == null) {
                throw new ParameterException(spec.commandLine(), "--url needs --token-file");
            }
            if (!Stream.of("http", "https").toList().contains(url.getScheme()) || url.getHost() == null) {
                throw new ParameterException(spec.commandLine(), "--url: " + url + " is no http or https URL");
            }
            return RelayConnection.to(url, token(tokenFile));
        }
        return inCluster();
    }

    private static String token(Path file) throws IOException {
        return read(file, "--token-file names a file with a token");
    }

    private static String read(Path file, String otherwise) throws IOException {
        try {
            String text = Files.readString(file).strip();
            if (text.isEmpty() || text.lines().count() > 1) {
                throw new IOException(file + " does not hold one line");
            }
            return text;
        } catch (NoSuchFileException e) {
            throw new IOException("There is no file " + file + ". " + otherwise, e);
        }
    }

    private RelayConnection inCluster() throws IOException {
        var client = new KubernetesClientBuilder().withConfig(Config.autoConfigure(context)).build();
        try {
            String token = token(client);
            LocalPortForward forward = forward(client);
            return new RelayConnection(
                    URI.create("http://127.0.0.1:" + forward.getLocalPort()), token, () -> {
                        forward.close();
                        client.close();
                    });
        } catch (KubernetesClientException e) {
            client.close();
            throw new IOException("The cluster at " + client.getMasterUrl() + " does not help: " + e.getMessage()
                    + ". Look at --context and --namespace, or name the relay by --url", e);
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    private String token(KubernetesClient client) throws IOException {
        if (tokenFile != null) {
            return token(tokenFile);
        }
        if (serviceAccount != null) {
            int slash = serviceAccount.indexOf('/');
            if (slash <= 0 || slash == serviceAccount.length() - 1) {
                throw new ParameterException(spec.commandLine(),
                        "--service-account: " + serviceAccount + " is not NAMESPACE/NAME");
            }
            return client.serviceAccounts()
                    .inNamespace(serviceAccount.substring(0, slash))
                    .withName(serviceAccount.substring(slash + 1))
                    .tokenRequest(new TokenRequestBuilder().withNewSpec()
                            .withAudiences(KubernetesAccess.AUDIENCE)
                            .withExpirationSeconds(TOKEN_SECONDS)
                            .endSpec()
                            .build())
                    .getStatus()
                    .getToken();
        }
        Config config = client.getConfiguration();
        for (String token : new String[]{config.getOauthToken(), config.getAutoOAuthToken()}) {
            if (token != null && !token.isEmpty()) {
                return token;
            }
        }
        throw new IOException("The kubeconfig has no token: a client certificate shows the API server who you are, and"
                + " cannot be passed on to the relay. Name a service account that may get or update"
                + " queues.postrider.dev by --service-account NAMESPACE/NAME, or bring a token by --token-file");
    }

    private LocalPortForward forward(KubernetesClient client) throws IOException {
        Pod pod = client.pods()
                .inNamespace(namespace)
                .withLabels(PODS)
                .list()
                .getItems()
                .stream()
                .filter(Readiness::isPodReady)
                .findFirst()
                .orElseThrow(() -> new IOException("No relay is ready in namespace " + namespace + " of "
                        + client.getMasterUrl() + ". See kubectl -n " + namespace
                        + " get pods -l app.kubernetes.io/component=relay, or name another namespace by -n"));
        return client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .portForward(ADMIN_PORT, InetAddress.getLoopbackAddress(), 0);
    }
}
