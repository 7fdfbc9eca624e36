package dev.postrider.transport;

import dev.postrider.route.Durations;
import dev.postrider.route.Proxy;
import dev.postrider.route.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.jcajce.JcaCertificateID;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Whether the certificates of a chain were revoked, each apart: by the answer that the server brought along (RFC 6066
 * section 8, RFC 8446 section 4.4.2.1), else by the responder that the certificate names (OCSP, RFC 6960), else by the
 * list that it names (CRL, RFC 5280). The first of them that knows decides.
 *
 * @param softFail whether a certificate counts as good when nobody who could know can be reached
 * @param patience how long all of it may take
 * @param proxy    what responders and lists are asked through
 * @param egress   where they may be
 */
record Revocation(boolean softFail, Duration patience, Optional<Proxy> proxy, EgressPolicy egress) {

    private static final Duration FETCH = Duration.ofSeconds(15);
    private static final int MOST_ANSWER = 64 * 1024;

    /** Responders and lists of one certificate that are asked; others are left out. */
    private static final int MOST_ASKED = 5;

    /** What one of those who were asked says. */
    private enum Answer {
        GOOD, REVOKED, UNREACHABLE, USELESS
    }

    private record Told(Answer answer, String text) {}

    /**
     * Asks.
     *
     * @param chain   the server's certificate first; the authority follows it
     * @param stapled what the server brought along for them
     * @return what is wrong, for people; empty if none was revoked
     */
    Optional<String> problem(List<X509Certificate> chain, X509Certificate authority,
            Map<X509Certificate, byte[]> stapled) {
        FutureTask<Optional<String>> asking = new FutureTask<>(() -> ask(chain, authority, stapled));
        Thread.ofVirtual().name("revocation").start(asking);
        try {
            return asking.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            asking.cancel(true);
            return softFail
                    ? Optional.empty()
                    : Optional.of("nobody could tell within " + Durations.write(patience) + " whether it was revoked");
        } catch (InterruptedException e) {
            asking.cancel(true);
            Thread.currentThread().interrupt();
            return Optional.of("the question whether it was revoked was interrupted");
        } catch (ExecutionException e) {
            return Optional.of("whether it was revoked cannot be found out: " + e.getCause());
        }
    }

    private Optional<String> ask(List<X509Certificate> chain, X509Certificate authority,
            Map<X509Certificate, byte[]> stapled) {
        for (int i = 0; i < chain.size(); i++) {
            X509Certificate certificate = chain.get(i);
            if (certificate.equals(authority)) {
                continue;
            }
            X509Certificate issuer = i + 1 < chain.size() ? chain.get(i + 1) : authority;
            Optional<String> problem = ask(certificate, issuer, stapled.get(certificate));
            if (problem.isPresent()) {
                return problem.map(text -> whose(certificate, chain) + text);
            }
        }
        return Optional.empty();
    }

    private static String whose(X509Certificate certificate, List<X509Certificate> chain) {
        return certificate.equals(chain.getFirst())
                ? ""
                : "of \"" + certificate.getSubjectX500Principal() + "\", which it leads through: ";
    }

    private Optional<String> ask(X509Certificate certificate, X509Certificate issuer, byte @Nullable [] stapled) {
        List<Told> all = new ArrayList<>();
        if (stapled != null) {
            all.add(ask("the answer that the server brought along", certificate, issuer,
                    checker -> checker.setOcspResponses(Map.of(certificate, stapled))));
        }
        for (String responder : (Iterable<String>) responders(certificate).limit(MOST_ASKED)::iterator) {
            if (isOpen(all)) {
                all.add(askResponder(responder, certificate, issuer));
            }
        }
        Set<String> points = lists(certificate).collect(Collectors.toSet());
        for (String list : (Iterable<String>) lists(certificate).limit(MOST_ASKED)::iterator) {
            if (isOpen(all)) {
                all.add(askList(list, new RevocationList.Subject(certificate, issuer, points)));
            }
        }
        if (all.isEmpty()) {
            return Optional.of("it names neither a responder (OCSP) nor a list (CRL), so nobody can tell whether it "
                    + "was revoked");
        }
        Told last = all.getLast();
        boolean unreachable = all.stream().allMatch(told -> told.answer() == Answer.UNREACHABLE);
        return last.answer() == Answer.GOOD || softFail && unreachable
                ? Optional.empty()
                : last.answer() == Answer.REVOKED
                        ? Optional.of(last.text())
                        : Optional.of("nobody can tell whether it was revoked: "
                                + String.join("; ", all.stream().map(Told::text).toList()));
    }

    private static boolean isOpen(List<Told> all) {
        return all.stream().noneMatch(told -> told.answer() == Answer.GOOD || told.answer() == Answer.REVOKED);
    }

    /** Where the responders are that a certificate names (RFC 5280 section 4.2.2.1). */
    private static Stream<String> responders(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(Extension.authorityInfoAccess.getId());
        try {
            return extension == null
                    ? Stream.of()
                    : Arrays.stream(AuthorityInformationAccess
                            .getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension))
                            .getAccessDescriptions())
                            .filter(description -> description.getAccessMethod().equals(AccessDescription.id_ad_ocsp))
                            .map(AccessDescription::getAccessLocation)
                            .flatMap(Revocation::url);
        } catch (IOException | IllegalArgumentException e) {
            return Stream.of();
        }
    }

    private static Stream<String> url(GeneralName name) {
        return name.getTagNo() == GeneralName.uniformResourceIdentifier
                ? Stream.of(name.getName().toString())
                : Stream.of();
    }

    /** The URLs of a distribution point. */
    static Stream<String> names(DistributionPointName point) {
        return point.getType() == DistributionPointName.FULL_NAME
                ? Arrays.stream(GeneralNames.getInstance(point.getName()).getNames()).flatMap(Revocation::url)
                : Stream.of();
    }

    /** Where the lists are that a certificate names (RFC 5280 section 4.2.1.13). */
    private static Stream<String> lists(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(Extension.cRLDistributionPoints.getId());
        try {
            return extension == null
                    ? Stream.of()
                    : Arrays.stream(CRLDistPoint.getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension))
                            .getDistributionPoints())
                            .map(DistributionPoint::getDistributionPoint)
                            .filter(Objects::nonNull)
                            .flatMap(Revocation::names);
        } catch (IOException | IllegalArgumentException e) {
            return Stream.of();
        }
    }

    /**
     * Asked here and not by the JDK, which connects to wherever a certificate says and follows redirects. No more is
     * told than that the connection was refused, that it timed out, or that the answer is not valid: a certificate may
     * name a service that is none of its owner's business.
     */
    private Told askResponder(String url, X509Certificate certificate, X509Certificate issuer) {
        String whom = "the responder (OCSP)";
        try {
            byte[] request = new OCSPReqBuilder().addRequest(new JcaCertificateID(
                    new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1), issuer,
                    certificate.getSerialNumber())).build().getEncoded();
            byte[] answer = http().post(uri(url),
                    Map.of("Content-Type", "application/ocsp-request", "Accept", "application/ocsp-response"), request,
                    (status, body) -> successful(status, body).readNBytes(MOST_ANSWER));
            return ask(whom, certificate, issuer, checker -> checker.setOcspResponses(Map.of(certificate, answer)));
        } catch (IOException e) {
            return new Told(Answer.UNREACHABLE, whom + " cannot be reached: " + HttpExchange.reason(e));
        } catch (GeneralSecurityException | OCSPException | OperatorCreationException | IllegalArgumentException e) {
            return new Told(Answer.USELESS, whom + " cannot be asked");
        }
    }

    private Told askList(String url, RevocationList.Subject subject) {
        String whom = "the list (CRL)";
        try {
            boolean revoked = http().get(uri(url),
                    (status, body) -> RevocationList.revokes(successful(status, body), subject, Instant.now()));
            return revoked
                    ? new Told(Answer.REVOKED, whom + " says that it was revoked")
                    : new Told(Answer.GOOD, whom + " says that it is good");
        } catch (RevocationList.UselessException | IllegalArgumentException e) {
            return new Told(Answer.USELESS, whom + " does not say so: it is not valid");
        } catch (IOException e) {
            return new Told(Answer.UNREACHABLE, whom + " cannot be reached: " + HttpExchange.reason(e));
        }
    }

    private HttpExchange http() {
        return new HttpExchange(egress, proxy, TlsSettings.DEFAULT, FETCH);
    }

    /** http or https. */
    private static URI uri(String url) {
        URI uri = URI.create(url);
        if (uri.getHost() == null
                || !"http".equalsIgnoreCase(uri.getScheme()) && !"https".equalsIgnoreCase(uri.getScheme())) {
            throw new IllegalArgumentException("neither http nor https");
        }
        return uri;
    }

    private static InputStream successful(int status, InputStream body) throws IOException {
        if (status != 200) {
            throw new IOException("HTTP " + status);
        }
        return body;
    }

    /** The certificate alone is validated, with its issuer as the anchor: that its issuer is trusted is known. */
    private static Told ask(String whom, X509Certificate certificate, X509Certificate issuer,
            Consumer<PKIXRevocationChecker> settings) {
        try {
            CertPathValidator validator = CertPathValidator.getInstance("PKIX");
            PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
            checker.setOptions(EnumSet.of(Option.NO_FALLBACK));
            settings.accept(checker);
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(issuer, null)));
            parameters.addCertPathChecker(checker);
            validator.validate(
                    CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)), parameters);
            return new Told(Answer.GOOD, whom + " says that it is good");
        } catch (CertPathValidatorException e) {
            if (e.getReason() == BasicReason.REVOKED) {
                return new Told(Answer.REVOKED, whom + " says that it was revoked: " + e.getMessage());
            }
            return new Told(Answer.USELESS, whom + " does not say so: it is not valid");
        } catch (GeneralSecurityException e) {
            return new Told(Answer.USELESS, whom + " cannot be asked");
        }
    }
}
