package dev.postrider.transport;

import dev.postrider.route.CertificateBundle;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;

/**
 * The way from a server's certificate to an authority, by PKIX (RFC 5280 section 6), looked for apart from whether its
 * certificates are valid today.
 *
 * @param certificates the server's own first, without the authority's
 * @param authority    that it leads to; empty if it leads to none
 * @param problem      why it leads to none, for people
 */
record CertificateChain(List<X509Certificate> certificates, Optional<X509Certificate> authority, String problem) {

    static CertificateChain of(X509Certificate[] sent, Authorities authorities, Instant now) {
        X509Certificate own = sent[0];
        if (authorities.certificates().contains(own)) {
            return new CertificateChain(List.of(own), Optional.of(own), "");
        }
        String problem = "";
        for (Instant time : times(sent, now)) {
            try {
                PKIXCertPathBuilderResult found = build(sent, authorities, time);
                List<X509Certificate> path = new ArrayList<>();
                found.getCertPath().getCertificates().forEach(c -> path.add((X509Certificate) c));
                return new CertificateChain(path, Optional.of(found.getTrustAnchor().getTrustedCert()), "");
            } catch (CertPathBuilderException e) {
                problem = problem.isEmpty() ? reason(e) : problem;
            } catch (GeneralSecurityException e) {
                problem = String.valueOf(e.getMessage());
            }
        }
        X509Certificate last = last(sent);
        return new CertificateChain(List.of(own), Optional.empty(),
                authorities.issuerOf(last).isPresent() ? problem : endOf(last, own));
    }

    /** Today, and else the moments at which one of the certificates begins or ends: the one fitting all is there. */
    private static List<Instant> times(X509Certificate[] sent, Instant now) {
        List<Instant> times = new ArrayList<>(List.of(now));
        for (X509Certificate certificate : sent) {
            times.add(certificate.getNotBefore().toInstant());
            times.add(certificate.getNotAfter().toInstant());
        }
        return times;
    }

    private static PKIXCertPathBuilderResult build(X509Certificate[] sent, Authorities authorities, Instant time)
            throws GeneralSecurityException {
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(sent[0]);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(authorities.anchors(), target);
        parameters.addCertStore(
                CertStore.getInstance("Collection", new CollectionCertStoreParameters(Arrays.asList(sent))));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(time));
        return (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
    }

    /** How far the certificates that were sent lead. */
    private static X509Certificate last(X509Certificate[] sent) {
        X509Certificate last = sent[0];
        for (int steps = 0; steps < sent.length && !CertificateBundle.isSelfSigned(last); steps++) {
            for (X509Certificate other : sent) {
                if (CertificateBundle.isIssuedBy(last, other)) {
                    last = other;
                    break;
                }
            }
        }
        return last;
    }

    private static String endOf(X509Certificate last, X509Certificate own) {
        if (CertificateBundle.isSelfSigned(last)) {
            return last.equals(own)
                    ? "it is signed by itself, and is not among the trusted authorities"
                    : "it leads to \"" + last.getSubjectX500Principal() + "\", which is not a trusted authority";
        }
        return "its issuer \"" + last.getIssuerX500Principal() + "\" was neither sent nor is it a trusted authority";
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }
}
