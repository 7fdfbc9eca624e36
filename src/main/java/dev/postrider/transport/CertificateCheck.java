package dev.postrider.transport;

import dev.postrider.route.CertificateBundle;
import dev.postrider.route.CertificateNames;
import dev.postrider.route.Endpoint;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.TlsSettings.Verification;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Checks the certificate of one server, each check by a switch of its own, and tells all those that failed. Where none
 * of the JDK's checks is switched off, the JDK decides, and what is here only explains; the name (RFC 9525) and the
 * revocation are never the JDK's to check. Safe for threads.
 */
final class CertificateCheck extends X509ExtendedTrustManager {
    private static final List<String> SERVER_USAGES = List.of("1.3.6.1.5.5.7.3.1", "2.5.29.37.0");

    private final String name;
    private final TlsSettings settings;
    private final Verification verification;
    private final Authorities authorities;
    private final Revocation revocation;
    private final InstantSource clock;

    /**
     * A check of one server.
     *
     * @throws RefusedException with Certificate if the authorities to check against cannot be read
     */
    CertificateCheck(Endpoint.Smtp endpoint, EgressPolicy egress, InstantSource clock) throws RefusedException {
        this.name = endpoint.certificateName();
        this.settings = endpoint.tls();
        this.verification = settings.verification();
        this.authorities = Authorities.of(settings.certificateAuthorities());
        // Half of the handshake's time: so that it is told what took it.
        this.revocation = new Revocation(verification.softFail(), endpoint.tlsTimeout().dividedBy(2), endpoint.proxy(),
                egress);
        this.clock = clock;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] sent, String authType, Socket socket)
            throws CertificateException {
        Failures failures = new Failures();
        Optional<CertificateChain> chain = Optional.empty();
        if (!settings.pinnedCertificates().isEmpty()) {
            pin(sent[0], failures);
        } else if (verification.chain()) {
            chain = Optional.of(CertificateChain.of(sent, authorities, clock.instant()));
            chain(chain.get(), failures);
        }
        if (verification.validity()) {
            chain.map(CertificateChain::certificates)
                    .orElse(List.of(sent[0]))
                    .forEach(certificate -> validity(certificate, sent[0], failures));
        }
        if (verification.hostName()) {
            hostName(sent[0], failures);
        }
        if (verification.keyUsage()) {
            keyUsage(sent[0], failures);
        }
        if (chain.isPresent() && failures.isEmpty() && verification.validity() && verification.keyUsage()) {
            jdk(sent, authType, socket, failures);
        }
        if (verification.revocation() && failures.isEmpty()) {
            revocation(chain, stapled(sent, socket), failures);
        }
        failures.raise(sent[0]);
    }

    /** What failed, in the order of the checks, and what to do next. */
    private static final class Failures {
        private final List<String> checks = new ArrayList<>();
        private final Set<String> next = new LinkedHashSet<>();

        void add(String check, String problem, String advice) {
            checks.add("check of " + check + " failed: " + problem);
            next.add(advice);
        }

        boolean isEmpty() {
            return checks.isEmpty();
        }

        void raise(X509Certificate certificate) throws CertificateRefusedException {
            if (!checks.isEmpty()) {
                throw new CertificateRefusedException(String.join("; ", checks) + "; subject \""
                        + certificate.getSubjectX500Principal() + "\", issuer \""
                        + certificate.getIssuerX500Principal() + "\", valid from "
                        + certificate.getNotBefore().toInstant() + " to " + certificate.getNotAfter().toInstant()
                        + ", SHA-256 " + CertificateBundle.fingerprint(certificate) + "; " + String.join("; ", next));
            }
        }
    }

    private void pin(X509Certificate certificate, Failures failures) {
        if (!settings.pinnedCertificates().contains(CertificateBundle.fingerprint(certificate))) {
            failures.add("pinnedCertificates", "it is none of the " + settings.pinnedCertificates().size()
                    + " that are pinned",
                    "if the server was given this certificate, put its SHA-256 into spec.smtp.tls.pinnedCertificates; "
                            + "if not, somebody else answers");
        }
    }

    private static void chain(CertificateChain chain, Failures failures) {
        if (chain.authority().isEmpty()) {
            failures.add("chain", chain.problem(),
                    "name the authority that issued it in spec.smtp.tls.caSecretRef, have the server send the whole "
                            + "chain, or put its SHA-256 into spec.smtp.tls.pinnedCertificates");
        }
    }

    /** The JDK's own decision, with what it alone knows: algorithms too weak, authorities that lost their trust. */
    private void jdk(X509Certificate[] sent, String authType, Socket socket, Failures failures) {
        try {
            authorities.pkix().checkServerTrusted(sent, authType, socket);
        } catch (CertificateException e) {
            failures.add("chain", String.valueOf(e.getMessage()), "renew the server's certificate");
        }
    }

    private void validity(X509Certificate certificate, X509Certificate own, Failures failures) {
        Instant now = clock.instant();
        Instant from = certificate.getNotBefore().toInstant();
        Instant to = certificate.getNotAfter().toInstant();
        String which = certificate.equals(own)
                ? "it"
                : "\"" + certificate.getSubjectX500Principal() + "\", which it leads through,";
        if (now.isBefore(from)) {
            failures.add("validity", which + " is not valid before " + from, "set the clock of whoever is wrong");
        } else if (now.isAfter(to)) {
            failures.add("validity", which + " expired at " + to, "renew the server's certificate");
        }
    }

    private void hostName(X509Certificate certificate, Failures failures) {
        String advice = "use a host that the certificate names (or spec.smtp.tls.serverName), or a certificate that "
                + "names this host";
        try {
            CertificateNames names = CertificateNames.of(certificate, verification.commonNameFallback());
            if (names.contain(name)) {
                return;
            }
            boolean onlyCommonName = names.toString().isEmpty() && CertificateNames.of(certificate, true).contain(name);
            failures.add("hostName", "it is for " + (names.toString().isEmpty()
                    ? "no host, having no subject alternative names"
                    : names) + ", not for " + name,
                    onlyCommonName
                            ? "its common name is the host's: renew it with a subject alternative name, or set "
                                    + "spec.smtp.tls.certificateVerification.commonNameFallback"
                            : advice);
        } catch (CertificateParsingException e) {
            failures.add("hostName", "its names cannot be read: " + e.getMessage(), advice);
        }
    }

    private static void keyUsage(X509Certificate certificate, Failures failures) {
        String advice = "give the server a certificate of a server (extended key usage serverAuth)";
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            boolean[] usage = certificate.getKeyUsage();
            if (purposes != null && SERVER_USAGES.stream().noneMatch(purposes::contains)) {
                failures.add("keyUsage", "it is not for servers (serverAuth), but for " + String.join(", ", purposes),
                        advice);
            } else if (usage != null && !usage[0] && !usage[2] && !usage[4]) {
                failures.add("keyUsage", "its key may neither sign (digitalSignature) nor agree on keys", advice);
            }
        } catch (CertificateParsingException e) {
            failures.add("keyUsage", "what it is for cannot be read: " + e.getMessage(), advice);
        }
    }

    private void revocation(Optional<CertificateChain> chain, Map<X509Certificate, byte[]> stapled,
            Failures failures) {
        Optional<X509Certificate> authority = chain.flatMap(CertificateChain::authority);
        if (chain.isEmpty() || authority.isEmpty()) {
            failures.add("revocation", "it needs the check of chain", "switch the check of chain on");
            return;
        }
        revocation.problem(chain.get().certificates(), authority.get(), stapled)
                .ifPresent(problem -> failures.add("revocation", problem,
                        "renew the server's certificate if it was revoked; if it was not, see that Postrider reaches "
                                + "responder and list, or set spec.smtp.tls.certificateVerification.softFail"));
    }

    private static Map<X509Certificate, byte[]> stapled(X509Certificate[] sent, Socket socket) {
        Map<X509Certificate, byte[]> stapled = new HashMap<>();
        if (socket instanceof SSLSocket tls && tls.getHandshakeSession() instanceof ExtendedSSLSession session) {
            List<byte[]> answers = session.getStatusResponses();
            for (int i = 0; i < Math.min(sent.length, answers.size()); i++) {
                if (answers.get(i).length > 0) {
                    stapled.put(sent[i], answers.get(i));
                }
            }
        }
        return stapled;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("only sockets are checked");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("a certificate is checked together with the name of its host");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("clients are not checked");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
