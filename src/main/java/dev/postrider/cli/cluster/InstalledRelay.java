package dev.postrider.cli.cluster;

import dev.postrider.access.TokenReviews;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
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
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Which relay is meant, and how one shows who one is. */
public final class InstalledRelay {
    private static final Map<String, String> PODS = Map.of("app.kubernetes.io/name", "postrider",
            "app.kubernetes.io/component", "relay");
    private static final int ADMIN_PORT = 8080;
    private static final long TOKEN_SECONDS = 600;

    @Option(names = "--installation", paramLabel = "NAMESPACE", defaultValue = "postrider-system",
            description = "Where Postrider is installed, in the cluster of the kubeconfig "
            + "(default: ${DEFAULT-VALUE}).")
    String namespace;

    @Option(names = "--service-account", paramLabel = "NAMESPACE/NAME", description = "Asks the relay as this service "
            + "account, for which you must be allowed to create tokens. Default: with the kubeconfig's own token.")
    @Nullable
    String serviceAccount;

    @Option(names = "--url", paramLabel = "URL", description = "A relay's admin port, as http://localhost:8080, in "
            + "place of one of the cluster. Needs --token-file.")
    @Nullable
    URI url;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The token to ask the relay with.")
    @Nullable
    Path tokenFile;

    // @formatter:on

    /**
     * The way to the relay, open until it is closed.
     *
     * @param command which is not understood where an option is wrong
     * @param cluster where the relay is, unless a URL says so
     * @throws IOException why there is none; the message says what to do
     */
    public RelayConnection connect(CommandLine command, ClusterOptions cluster) throws IOException {
        if (url != null) {
            return atUrl(command, url);
        }
        KubernetesClient client = cluster.connect();
        try {
            return inCluster(command, client, client::close);
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** As {@link #connect(CommandLine, ClusterOptions)}, with a client that stays open. */
    RelayConnection connect(CommandLine command, KubernetesClient client) throws IOException {
        return url != null ? atUrl(command, url) : inCluster(command, client, () -> {});
    }

    private RelayConnection atUrl(CommandLine command, URI where) throws IOException {
        if (tokenFile == null) {
            throw new ParameterException(command, "--url needs --token-file");
        }
        if (!Stream.of("http", "https").toList().contains(where.getScheme()) || where.getHost() == null) {
            throw new ParameterException(command, "--url: " + where + " is no http or https URL");
        }
        return RelayConnection.to(where, token(tokenFile));
    }

    private RelayConnection inCluster(CommandLine command, KubernetesClient client, RelayConnection.Way after)
            throws IOException {
        try {
            Pod relay = ready(client);
            String token = token(command, client);
            LocalPortForward forward = forward(client, relay);
            return new RelayConnection(URI.create("http://127.0.0.1:" + forward.getLocalPort()), token, () -> {
                forward.close();
                after.close();
            });
        } catch (KubernetesClientException e) {
            throw ClusterOptions.explained(client, e);
        }
    }

    private static String token(Path file) throws IOException {
        return line(file, "--token-file names a file with a token");
    }

    /** The only line of a file. */
    public static String line(Path file, String otherwise) throws IOException {
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

    private String token(CommandLine command, KubernetesClient client) throws IOException {
        if (tokenFile != null) {
            return token(tokenFile);
        }
        if (serviceAccount != null) {
            int slash = serviceAccount.indexOf('/');
            if (slash <= 0 || slash == serviceAccount.length() - 1) {
                throw new ParameterException(command,
                        "--service-account: " + serviceAccount + " is not NAMESPACE/NAME");
            }
            return client.serviceAccounts()
                    .inNamespace(serviceAccount.substring(0, slash))
                    .withName(serviceAccount.substring(slash + 1))
                    .tokenRequest(new TokenRequestBuilder().withNewSpec()
                            .withAudiences(TokenReviews.AUDIENCE)
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

    private Pod ready(KubernetesClient client) throws IOException {
        return client.pods()
                .inNamespace(namespace)
                .withLabels(PODS)
                .list()
                .getItems()
                .stream()
                .filter(Readiness::isPodReady)
                .findFirst()
                .orElseThrow(() -> new IOException("No relay is ready in namespace " + namespace + " of "
                        + client.getMasterUrl() + ". See kubectl -n " + namespace
                        + " get pods -l app.kubernetes.io/component=relay, or name another namespace by"
                        + " --installation"));
    }

    private LocalPortForward forward(KubernetesClient client, Pod pod) {
        return client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .portForward(ADMIN_PORT, InetAddress.getLoopbackAddress(), 0);
    }
}
