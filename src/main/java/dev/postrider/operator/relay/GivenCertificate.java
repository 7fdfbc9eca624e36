package dev.postrider.operator.relay;

import dev.postrider.operator.installation.Caches;
import dev.postrider.route.ClientCertificate;
import dev.postrider.route.InvalidPemException;
import dev.postrider.route.RelayCertificate;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A certificate for the relay in a Secret of type {@code kubernetes.io/tls}, as cert-manager or people make it. */
final class GivenCertificate {
    private GivenCertificate() {}

    /**
     * Reads it.
     *
     * @param host that applications call the relay by
     * @throws IllegalArgumentException if it would not do; the message tells all that is wrong
     */
    static RelayCertificate of(Secret secret, String host, InstantSource clock) {
        RelayCertificate certificate = new RelayCertificate(Caches.entry(secret, "ca.crt").orElse(""),
                Caches.entry(secret, "tls.crt").orElse(""), Caches.entry(secret, "tls.key").orElse(""));
        List<String> problems = new ArrayList<>();
        Optional<String> unreadable = chainProblem(certificate, host, clock, problems);
        unreadable.ifPresent(problems::add);
        if (!certificate.privateKey().isEmpty()) {
            keyProblem(certificate, unreadable.isEmpty()).ifPresent(problems::add);
        } else {
            problems.add("it has no key \"tls.key\"");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
        return certificate;
    }

    private static Optional<String> chainProblem(RelayCertificate certificate, String host, InstantSource clock,
            List<String> problems) {
        if (certificate.certificateChain().isEmpty()) {
            return Optional.of("it has no key \"tls.crt\"");
        }
        try {
            if (certificate.endsBefore(clock.instant())) {
                problems.add("its certificate is not valid any more");
            }
            if (!certificate.isFor(host)) {
                problems.add("its certificate is not for " + host + ", which applications call the relay by "
                        + "(relay.bindingHost)");
            }
            return Optional.empty();
        } catch (InvalidPemException e) {
            return Optional.of("tls.crt: " + e.getMessage());
        }
    }

    private static Optional<String> keyProblem(RelayCertificate certificate, boolean chainIsReadable) {
        ClientCertificate pair = new ClientCertificate(certificate.certificateChain(), certificate.privateKey());
        try {
            pair.key();
            return !chainIsReadable || pair.matches()
                    ? Optional.empty()
                    : Optional.of("tls.key is not the key of the first certificate in tls.crt");
        } catch (InvalidPemException e) {
            return Optional.of("tls.key: " + e.getMessage());
        }
    }
}
