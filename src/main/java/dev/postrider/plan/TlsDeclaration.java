package dev.postrider.plan;

import dev.postrider.api.Authentication;
import dev.postrider.api.CertificateVerification;
import dev.postrider.api.ConfigMapReference;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.api.SecretReference;
import dev.postrider.api.Smtp;
import dev.postrider.api.Tls;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.CertificateBundle;
import dev.postrider.route.ClientCertificate;
import dev.postrider.route.InvalidPemException;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns what a MailServer declares of TLS, with what its Secrets and ConfigMaps hold, into settings. */
final class TlsDeclaration {
    private static final String CA_KEY = "ca.crt";
    static final String SMTP = "spec.smtp.tls";
    static final String POP = "spec.smtp.authentication.popBeforeSmtp.tls";
    static final String OAUTH = "spec.smtp.authentication.oauth2.tls";

    private final World world;
    private final String namespace;
    private final Credentials credentials;
    private final List<Problem> problems;

    TlsDeclaration(World world, String namespace, Credentials credentials, List<Problem> problems) {
        this.world = world;
        this.namespace = namespace;
        this.credentials = credentials;
        this.problems = problems;
    }

    /** The settings; where something is wrong, the problems are recorded. */
    TlsSettings of(@Nullable Tls tls, String host) {
        return tls == null ? TlsSettings.DEFAULT : of(SMTP, tls, host);
    }

    /**
     * The settings; where something is wrong, the problems are recorded.
     *
     * @param where the field of the declaration
     * @param host  that a client certificate is shown to
     */
    TlsSettings of(String where, Tls tls, String host) {
        return new TlsSettings(
                tls.minimumVersion() == Tls.Version.TLS_1_3 ? "TLSv1.3" : TlsSettings.DEFAULT.minimumVersion(),
                Optional.ofNullable(tls.serverName()), authorities(where, tls),
                Optional.ofNullable(tls.clientCertificateSecretRef())
                        .flatMap(ref -> clientCertificate(where, ref, host)),
                verification(tls.certificateVerification()),
                Optional.ofNullable(tls.pinnedCertificates())
                        .orElse(List.of())
                        .stream()
                        .map(CertificateBundle::canonical)
                        .toList());
    }

    private Optional<String> authorities(String where, Tls tls) {
        if (tls.caSecretRef() != null) {
            String field = where + ".caSecretRef";
            String name = tls.caSecretRef().name();
            return credentials.text(field, name, CA_KEY)
                    .flatMap(pem -> bundle(field, "key \"%s\" of Secret \"%s\"".formatted(CA_KEY, name), pem));
        }
        return Optional.ofNullable(tls.caConfigMapRef()).flatMap(reference -> authorities(where, reference));
    }

    private Optional<String> authorities(String where, ConfigMapReference reference) {
        String field = where + ".caConfigMapRef";
        String name = reference.name();
        String key = Optional.ofNullable(reference.key()).orElse(CA_KEY);
        switch (world.configMap(new ResourceKey(namespace, name))) {
            case ConfigMapLookup.Missing() -> problems.add(new Problem(Area.SECRETS,
                    Reason.ConfigMapNotFound, field,
                    "there is no ConfigMap \"%s\" in namespace \"%s\"; create it with the key %s and the label %s: \"true\""
                            .formatted(name, namespace, key, PostriderApi.CERTIFICATE_AUTHORITIES_LABEL)));
            case ConfigMapLookup.Unlabelled() -> add(Reason.ConfigMapNotLabelled, field,
                    "ConfigMap \"%s\" is not read; label it: kubectl -n %s label configmap %s %s=true".formatted(name,
                            namespace, name, PostriderApi.CERTIFICATE_AUTHORITIES_LABEL));
            case ConfigMapLookup.Found(var data) -> {
                String pem = data.get(key);
                if (pem == null) {
                    add(Reason.ConfigMapKeyMissing, field, "ConfigMap \"%s\" has no key \"%s\"; it has %s".formatted(
                            name,
                            key,
                            data.isEmpty() ? "no keys" : String.join(", ", data.keySet().stream().sorted().toList())));
                } else {
                    return bundle(field, "key \"%s\" of ConfigMap \"%s\"".formatted(key, name), pem);
                }
            }
        }
        return Optional.empty();
    }

    /** The certificates of authorities alone: the relay keeps what is returned here. */
    private Optional<String> bundle(String field, String where, String pem) {
        if (pem.length() > CertificateBundle.MOST_CHARACTERS) {
            add(Reason.CertificateBundleTooLarge, field, "%s has %d characters, and at most %d are taken; put in the "
                    .formatted(where, pem.length(), CertificateBundle.MOST_CHARACTERS)
                    + "authorities that the server's certificate leads to, and no others");
            return Optional.empty();
        }
        try {
            String authorities = CertificateBundle.authorities(pem);
            if (authorities.isEmpty()) {
                add(Reason.CertificateInvalid, field,
                        where + " has no certificate of an authority; put the authority's "
                                + "certificate there, or name the server's own in spec.smtp.tls.pinnedCertificates");
                return Optional.empty();
            }
            return Optional.of(authorities);
        } catch (InvalidPemException e) {
            add(Reason.CertificateInvalid, field, where + " is no bundle of certificates in PEM: " + e.getMessage()
                    + "; put the authority's certificate there, or several one after the other");
            return Optional.empty();
        }
    }

    private Optional<ClientCertificate> clientCertificate(String where, SecretReference reference, String host) {
        String field = where + ".clientCertificateSecretRef";
        String name = reference.name();
        Optional<List<String>> values = credentials.read(field, name, List.of(host), "tls.crt", "tls.key");
        if (values.isEmpty()) {
            return Optional.empty();
        }
        ClientCertificate certificate = new ClientCertificate(values.get().get(0), values.get().get(1));
        int before = problems.size();
        try {
            certificate.certificates();
        } catch (InvalidPemException e) {
            add(Reason.CertificateInvalid, field,
                    "key \"tls.crt\" of Secret \"%s\" is no certificate in PEM: %s; put the "
                            .formatted(name, e.getMessage())
                            + "client's certificate there, and after it those that lead to its authority");
        }
        try {
            certificate.key();
        } catch (InvalidPemException e) {
            add(Reason.PrivateKeyInvalid, field, "key \"tls.key\" of Secret \"%s\" cannot be used: %s".formatted(name,
                    e.getMessage()));
        }
        if (problems.size() > before) {
            return Optional.empty();
        }
        try {
            if (certificate.matches()) {
                return Optional.of(certificate);
            }
        } catch (InvalidPemException e) {
            throw new IllegalStateException("it was read a moment ago", e);
        }
        add(Reason.PrivateKeyMismatch, field,
                ("the key (tls.key) of Secret \"%s\" is not that of its first certificate (tls.crt), \"%s\"; the "
                        + "client's own certificate comes first, and the key belongs to it").formatted(name,
                                subject(certificate)));
        return Optional.empty();
    }

    private static String subject(ClientCertificate certificate) {
        try {
            return certificate.certificates().getFirst().getSubjectX500Principal().toString();
        } catch (InvalidPemException e) {
            throw new IllegalStateException("it was read a moment ago", e);
        }
    }

    private void add(Reason reason, String field, String message) {
        problems.add(new Problem(Area.SECRETS, reason, field, message));
    }

    private static Verification verification(@Nullable CertificateVerification declared) {
        return declared == null
                ? Verification.FULL
                : new Verification(isOn(declared.validity(), true), isOn(declared.hostName(), true),
                        isOn(declared.commonNameFallback(), false), isOn(declared.keyUsage(), true),
                        isOn(declared.chain(), true),
                        declared.revocation() == CertificateVerification.Revocation.OCSPThenCRL,
                        isOn(declared.softFail(), false));
    }

    private static boolean isOn(@Nullable Boolean declared, boolean otherwise) {
        return declared == null ? otherwise : declared;
    }

    /** What a server's connections declare, by the field that holds it below {@code spec.smtp}. */
    private static Map<String, Tls> declared(Smtp smtp) {
        Map<String, Tls> declared = new LinkedHashMap<>();
        put(declared, "tls", smtp.tls());
        Authentication authentication = smtp.authentication();
        if (authentication != null) {
            put(declared, "authentication.popBeforeSmtp.tls", Optional.ofNullable(authentication.popBeforeSmtp())
                    .map(Authentication.PopBeforeSmtp::tls)
                    .orElse(null));
            put(declared, "authentication.oauth2.tls",
                    Optional.ofNullable(authentication.oauth2()).map(Authentication.OAuth2::tls).orElse(null));
        }
        return declared;
    }

    private static void put(Map<String, Tls> declared, String field, @Nullable Tls tls) {
        if (tls != null) {
            declared.put(field, tls);
        }
    }

    /** The switches that make a server's connections less safe than they are by default, by their fields. */
    static List<String> weakened(Smtp smtp) {
        List<String> weakened = new ArrayList<>();
        declared(smtp).forEach((field, tls) -> weakened(tls).map((field + ".certificateVerification.")::concat)
                .forEach(weakened::add));
        if (isOn(smtp.allowPlaintextAuthentication(), false)) {
            weakened.add("allowPlaintextAuthentication");
        }
        return List.copyOf(weakened);
    }

    private static Stream<String> weakened(Tls tls) {
        Verification verification = verification(tls.certificateVerification());
        return Stream.of(verification.validity() ? "" : "validity", verification.hostName() ? "" : "hostName",
                verification.commonNameFallback() ? "commonNameFallback" : "",
                verification.keyUsage() ? "" : "keyUsage",
                verification.chain() || tls.pinnedCertificates() != null ? "" : "chain",
                verification.softFail() ? "softFail" : "").filter(name -> !name.isEmpty());
    }

    /** The Secrets that a server's connections name. */
    static Stream<String> secretNames(Smtp smtp) {
        return declared(smtp).values().stream().flatMap(TlsDeclaration::secretNames);
    }

    /** The ConfigMaps that a server's connections name. */
    static Stream<String> configMapNames(Smtp smtp) {
        return declared(smtp).values().stream().flatMap(TlsDeclaration::configMapNames);
    }

    /** The Secrets that it names. */
    static Stream<String> secretNames(Tls tls) {
        return Stream.of(Optional.ofNullable(tls.caSecretRef()), Optional.ofNullable(tls.clientCertificateSecretRef()))
                .flatMap(Optional::stream)
                .map(SecretReference::name);
    }

    /** The ConfigMap that it names. */
    static Stream<String> configMapNames(Tls tls) {
        return Optional.ofNullable(tls.caConfigMapRef()).stream().map(ConfigMapReference::name);
    }
}
