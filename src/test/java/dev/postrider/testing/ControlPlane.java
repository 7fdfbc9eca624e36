package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * The processes etcd and kube-apiserver, on loopback. The kube-api-test library would start them too, but lets etcd
 * listen on all addresses and sync every write to the disk, and leaves both running when the virtual machine is killed.
 */
final class ControlPlane implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(2);

    /** Sockets of the file system in the working directory: no port that another program could take or reach. */
    private static final String ETCD_CLIENTS = "unix://etcd:1";
    private static final String ETCD_PEERS = "unix://etcd:2";

    private static final String AUDITED = "audited";

    /** A line for each request of one user that changes something, as soon as it is there. */
    private static final String AUDIT_POLICY = """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [ResponseStarted, ResponseComplete, Panic]
            rules:
              - level: Metadata
                users: [%s]
                verbs: [create, update, patch, delete, deletecollection]
              - level: None
            """.formatted(AUDITED);

    private final Path folder;
    private final BoundProcess etcd;
    private final BoundProcess apiServer;
    private final Path kubeconfig;
    private final Path auditedKubeconfig;

    private ControlPlane(Path folder, BoundProcess etcd, BoundProcess apiServer, Path kubeconfig,
            Path auditedKubeconfig) {
        this.folder = folder;
        this.etcd = etcd;
        this.apiServer = apiServer;
        this.kubeconfig = kubeconfig;
        this.auditedKubeconfig = auditedKubeconfig;
    }

    /** Starts both and waits until the server is ready, at most two minutes. */
    static ControlPlane start(Path binaries) {
        try {
            var folder = Files.createTempDirectory("postrider-apiserver");
            var port = FreePort.find();
            var token = HexFormat.of().formatHex(SecureRandom.getSeed(16));
            var audited = HexFormat.of().formatHex(SecureRandom.getSeed(16));
            Files.writeString(folder.resolve("tokens.csv"),
                    "%1$s,admin,admin,system:masters\n%2$s,%3$s,%3$s,system:masters\n"
                            .formatted(token, audited, AUDITED));
            Files.writeString(folder.resolve("audit.yaml"), AUDIT_POLICY);
            Files.writeString(folder.resolve("service-accounts.pem"), signingKey());
            var kubeconfig = Files.writeString(folder.resolve("kubeconfig"), kubeconfig(folder, port, token));
            var auditedKubeconfig = Files.writeString(folder.resolve("audited-kubeconfig"),
                    kubeconfig(folder, port, audited));
            var etcd = BoundProcess.start("etcd", folder, etcd(binaries));
            var apiServer = BoundProcess.start("kube-apiserver", folder, apiServer(binaries, port));
            var started = new ControlPlane(folder, etcd, apiServer, kubeconfig, auditedKubeconfig);
            started.awaitReady();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path folder() {
        return folder;
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    Path auditedKubeconfig() {
        return auditedKubeconfig;
    }

    Path auditLog() {
        return folder.resolve("audit.log");
    }

    KubernetesClient newClient() {
        return new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig.toFile())).build();
    }

    private static List<String> etcd(Path binaries) {
        return List.of(binaries.resolve("etcd").toString(), "--data-dir=etcd", "--unsafe-no-fsync",
                "--log-level=warn", "--listen-client-urls=" + ETCD_CLIENTS, "--advertise-client-urls=" + ETCD_CLIENTS,
                "--listen-peer-urls=" + ETCD_PEERS, "--initial-advertise-peer-urls=" + ETCD_PEERS,
                "--initial-cluster=default=" + ETCD_PEERS);
    }

    private static List<String> apiServer(Path binaries, int port) {
        return List.of(binaries.resolve("kube-apiserver").toString(), "--etcd-servers=" + ETCD_CLIENTS,
                "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + port,
                "--endpoint-reconciler-type=none", "--cert-dir=certificates", "--token-auth-file=tokens.csv",
                "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
                "--service-account-issuer=https://localhost",
                "--service-account-signing-key-file=service-accounts.pem",
                "--service-account-key-file=service-accounts.pem", "--service-cluster-ip-range=10.0.0.0/24",
                "--audit-policy-file=audit.yaml", "--audit-log-path=audit.log", "--allow-privileged");
    }

    private static String kubeconfig(Path folder, int port, String token) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                  - name: test
                    cluster:
                      server: https://127.0.0.1:%d
                      certificate-authority: %s
                users:
                  - name: test
                    user:
                      token: %s
                contexts:
                  - name: test
                    context:
                      cluster: test
                      user: test
                current-context: test
                """.formatted(port, folder.resolve("certificates/apiserver.crt"), token);
    }

    private void awaitReady() {
        try {
            await().atMost(START)
                    .pollInterval(Duration.ofMillis(100))
                    .failFast(() -> {
                        if (!etcd.isRunning() || !apiServer.isRunning()) {
                            throw new IllegalStateException(
                                    "the API server did not start; " + etcd.lastWords() + apiServer.lastWords());
                        }
                    })
                    .ignoreExceptions()
                    .until(this::isReady);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private boolean isReady() {
        try (var client = newClient()) {
            return "ok".equals(client.raw("/readyz")) && client.namespaces().withName("default").get() != null;
        }
    }

    private static String signingKey() {
        try {
            var key = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate().getEncoded();
            return "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(key)
                    + "\n-----END PRIVATE KEY-----\n";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        apiServer.close();
        etcd.close();
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
