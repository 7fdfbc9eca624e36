package dev.postrider.operator.installation;

import dev.postrider.operator.kit.Secrets;
import dev.postrider.route.CertificateAuthority;
import dev.postrider.route.InvalidPemException;
import dev.postrider.route.RelayCertificate;
import dev.postrider.route.SubmitterKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The secrets that an installation makes for itself when it first starts, and keeps.
 *
 * @param certificate    the relay's
 * @param adminToken     with which the operator asks the relay
 * @param fingerprintKey see {@link dev.postrider.plan.Installation#fingerprintKey()}
 * @param submitterKeys  that the relay queues the logins of submitters under, the one that encrypts first; none where
 *                       they were only read by {@link #read}
 */
public record InstallationSecrets(RelayCertificate certificate, String adminToken, String fingerprintKey,
        List<SubmitterKey> submitterKeys) {
    /** Name of the Secret with the relay's certificate. */
    public static final String CERTIFICATE = "postrider-relay-tls";
    /** Name of the Secret with the operator's keys. */
    public static final String KEYS = "postrider-operator-keys";
    /** Name of the Secret with the keys that logins of submitters are queued under: an entry for each. */
    public static final String SUBMITTER_KEYS = "postrider-submitter-keys";
    /**
     * Annotation of the installation's settings: the name of the key that encrypts. A new one is made where there is
     * none of that name; the others stay, and decrypt.
     */
    public static final String SUBMITTER_KEY_ANNOTATION = "postrider.dev/submitter-key";
    /** The key that encrypts where the annotation names none. */
    public static final String FIRST_SUBMITTER_KEY = "1";

    private static final String ADMIN_TOKEN = "admin-token";
    private static final String CA_CERTIFICATE = "ca.crt";
    private static final String CA_KEY = "ca.key";
    private static final String FINGERPRINT_KEY = "fingerprint-key";

    /**
     * Reads them, makes what is missing, and renews the certificate when it is due.
     *
     * @param owner  goes, and takes them along
     * @param source where the relay's certificate comes from
     * @throws KubernetesClientException if the API server refuses
     */
    public static InstallationSecrets ensure(KubernetesClient client, String namespace, HasMetadata owner,
            CertificateSource source, InstantSource clock) {
        Secret keys = ensure(client, namespace, KEYS, "Opaque", owner, () -> {
            CertificateAuthority made = CertificateAuthority.generate(clock);
            return Map.of(ADMIN_TOKEN, random(), FINGERPRINT_KEY, random(), CA_CERTIFICATE, made.certificate(), CA_KEY,
                    made.privateKey());
        });
        CertificateAuthority authority = new CertificateAuthority(required(keys, CA_CERTIFICATE),
                required(keys, CA_KEY));
        Secret tls = ensure(client, namespace, CERTIFICATE, "kubernetes.io/tls", owner,
                () -> entries(authority.issue(source.hostNames(), clock)));
        RelayCertificate there = certificate(tls);
        RelayCertificate certificate = switch (source) {
            case CertificateSource.OwnAuthority own -> isUsable(there, authority, own.hostNames(), clock)
                    ? there
                    : authority.issue(own.hostNames(), clock);
            case CertificateSource.Given given -> given.certificate().orElse(there);
        };
        if (!certificate.equals(there)) {
            Map<String, String> data = encoded(entries(certificate));
            client.secrets()
                    .inNamespace(namespace)
                    .withName(CERTIFICATE)
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("data", data)));
        }
        return new InstallationSecrets(certificate, required(keys, ADMIN_TOKEN), required(keys, FINGERPRINT_KEY),
                submitterKeys(client, namespace, owner));
    }

    /**
     * Reads what the first shard has made, as far as others need it: without the keys of submitters.
     *
     * @return empty if it has not made them yet
     * @throws KubernetesClientException if the API server refuses
     */
    public static Optional<InstallationSecrets> read(KubernetesClient client, String namespace) {
        return there(client, namespace, KEYS).flatMap(keys -> there(client, namespace, CERTIFICATE)
                .map(tls -> new InstallationSecrets(certificate(tls), required(keys, ADMIN_TOKEN),
                        required(keys, FINGERPRINT_KEY), List.of())));
    }

    private static RelayCertificate certificate(Secret tls) {
        return new RelayCertificate(Caches.entry(tls, "ca.crt").orElse(""), required(tls, "tls.crt"),
                required(tls, "tls.key"));
    }

    private static Optional<Secret> there(KubernetesClient client, String namespace, String name) {
        return Optional.ofNullable(client.secrets().inNamespace(namespace).withName(name).get());
    }

    private static boolean isUsable(RelayCertificate certificate, CertificateAuthority authority,
            List<String> hostNames, InstantSource clock) {
        try {
            boolean named = true;
            for (String host : hostNames) {
                named &= certificate.isFor(host);
            }
            return named && !certificate.isDue(clock)
                    && certificate.caCertificate().equals(authority.certificate());
        } catch (InvalidPemException e) {
            return false;
        }
    }

    /** The name of the key that encrypts logins of submitters; empty if the annotation holds what cannot be a name. */
    public static Optional<String> submitterKeyName(HasMetadata settings) {
        Map<String, String> annotations = settings.getMetadata().getAnnotations();
        return Optional.of(annotations == null
                ? FIRST_SUBMITTER_KEY
                : annotations.getOrDefault(SUBMITTER_KEY_ANNOTATION, FIRST_SUBMITTER_KEY))
                .filter(name -> name.matches(SubmitterKey.ID_PATTERN));
    }

    private static List<SubmitterKey> submitterKeys(KubernetesClient client, String namespace, HasMetadata settings) {
        String current = submitterKeyName(settings).orElse(FIRST_SUBMITTER_KEY);
        Secret there = ensure(client, namespace, SUBMITTER_KEYS, "Opaque", settings,
                () -> Map.of(current, SubmitterKey.generate(current).key()));
        Map<String, String> data = new TreeMap<>(Optional.ofNullable(there.getData()).orElse(Map.of()));
        if (!data.containsKey(current)) {
            String made = Secrets.base64(SubmitterKey.generate(current).key());
            // The version sees to it that two replicas do not each make one.
            Secret written = client.secrets()
                    .inNamespace(namespace)
                    .withName(SUBMITTER_KEYS)
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("metadata",
                            Map.of("resourceVersion", there.getMetadata().getResourceVersion()), "data",
                            Map.of(current, made))));
            data.putAll(written.getData());
            there = written;
        }
        List<SubmitterKey> keys = new ArrayList<>();
        keys.add(new SubmitterKey(current, required(there, current).strip()));
        for (String name : data.keySet()) {
            if (!name.equals(current)) {
                keys.add(new SubmitterKey(name, required(there, name).strip()));
            }
        }
        return keys;
    }

    private static Map<String, String> entries(RelayCertificate certificate) {
        return Map.of("ca.crt", certificate.caCertificate(), "tls.crt", certificate.certificateChain(), "tls.key",
                certificate.privateKey());
    }

    private static Map<String, String> encoded(Map<String, String> entries) {
        return entries.entrySet()
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> Secrets.base64(e.getValue())));
    }

    private static Secret ensure(KubernetesClient client, String namespace, String name, String type, HasMetadata owner,
            Supplier<Map<String, String>> content) {
        Optional<Secret> there = there(client, namespace, name);
        if (there.isPresent()) {
            return there.get();
        }
        Map<String, String> data = encoded(content.get());
        Secret made = new SecretBuilder().withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withLabels(Map.of(Secrets.MANAGED_BY_LABEL, Secrets.MANAGED_BY))
                .withOwnerReferences(Secrets.ownedBy(owner))
                .endMetadata()
                .withType(type)
                .withData(data)
                .build();
        try {
            return client.resource(made).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            // Another replica was quicker; its keys are as good.
            return client.secrets().inNamespace(namespace).withName(name).require();
        }
    }

    private static String required(Secret secret, String key) {
        return Caches.entry(secret, key)
                .orElseThrow(() -> new IllegalStateException(
                        "Secret %s/%s has no key \"%s\"; delete the Secret, and it is made anew".formatted(
                                secret.getMetadata().getNamespace(), secret.getMetadata().getName(), key)));
    }

    private static String random() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public String toString() {
        return "InstallationSecrets[]";
    }
}
