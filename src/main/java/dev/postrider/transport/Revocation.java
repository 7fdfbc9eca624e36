package dev.postrider.transport;

import dev.postrider.route.Durations;
import dev.postrider.route.Proxy;
import dev.postrider.route.TlsSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.security.GeneralSecurityException;
import java.security.cert.CRL;
import java.security.cert.CRLException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
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
import org.bouncycastle.operator.DigestCalculator;
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
 */
record Revocation(boolean softFail, Duration patience, Optional<Proxy> proxy) {

    private static final Duration FETCH = Duration.ofSeconds(15);
    private static final int MAX_ANSWER = 64 * 1024;
    private static final int MAX_LIST = 64 * 1024 * 1024;

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
                    checker -> checker.setOcspResponses(Map.of(certificate, stapled)), List.of()));
        }
        if (isOpen(all)) {
            responder(certificate).map(url -> askResponder(url, certificate, issuer)).ifPresent(all::add);
        }
        if (isOpen(all)) {
            lists(certificate).map(list -> askList(list, certificate, issuer)).forEach(all::add);
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

    /** Where a certificate has its responder (RFC 5280 section 4.2.2.1). */
    private static Optional<String> responder(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(Extension.authorityInfoAccess.getId());
        try {
            return extension == null
                    ? Optional.empty()
                    : Arrays.stream(AuthorityInformationAccess
                            .getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension))
                            .getAccessDescriptions())
                            .filter(description -> description.getAccessMethod().equals(AccessDescription.id_ad_ocsp))
                            .map(description -> description.getAccessLocation().getName().toString())
                            .findFirst();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
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
                            .filter(point -> point != null && point.getType() == DistributionPointName.FULL_NAME)
                            .flatMap(point -> Arrays.stream(GeneralNames.getInstance(point.getName()).getNames()))
                            .filter(name -> name.getTagNo() == GeneralName.uniformResourceIdentifier)
                            .map(name -> name.getName().toString());
        } catch (IOException | IllegalArgumentException e) {
            return Stream.of();
        }
    }

    /** Java asks responders directly; what a proxy brings from there is given to it, and checked by it all the same. */
    private Told askResponder(String url, X509Certificate certificate, X509Certificate issuer) {
        String whom = "the responder (OCSP)";
        if (proxy.isEmpty()) {
            return ask(whom, certificate, issuer, _ -> {}, List.of());
        }
        try {
            byte[] answer = through(url, Map.of("Content-Type", "application/ocsp-request", "Accept",
                    "application/ocsp-response"), Optional.of(question(certificate, issuer)), MAX_ANSWER);
            return ask(whom, certificate, issuer, checker -> checker.setOcspResponses(Map.of(certificate, answer)),
                    List.of());
        } catch (IOException e) {
            return new Told(Answer.UNREACHABLE, whom + " cannot be reached: " + e.getMessage());
        } catch (GeneralSecurityException | OperatorCreationException | OCSPException | IllegalArgumentException e) {
            return new Told(Answer.USELESS, whom + " cannot be asked: " + e.getMessage());
        }
    }

    /** RFC 6960 section 4.1. */
    private static byte[] question(X509Certificate certificate, X509Certificate issuer)
            throws IOException, GeneralSecurityException, OperatorCreationException, OCSPException {
        DigestCalculator sha1 = new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1);
        return new OCSPReqBuilder()
                .addRequest(new CertificateID(sha1, new JcaX509CertificateHolder(issuer),
                        certificate.getSerialNumber()))
                .build()
                .getEncoded();
    }

    private byte[] through(String url, Map<String, String> headers, Optional<byte[]> body, int most)
            throws IOException {
        try {
            HttpExchange.Answer answer = new HttpExchange(proxy, TlsSettings.DEFAULT, FETCH)
                    .send(URI.create(url), headers, body, most);
            if (answer.status() != 200) {
                throw new IOException("HTTP " + answer.status());
            }
            return answer.body();
        } catch (RefusedException e) {
            throw new IOException(e.verdict().message().replaceFirst("^[A-Za-z]+: ", ""), e);
        }
    }

    /** The list is fetched here: Java remembers for half a minute that it had none, and does not say why. */
    private Told askList(String url, X509Certificate certificate, X509Certificate issuer) {
        String whom = "the list (CRL)";
        try {
            CertStore lists = CertStore.getInstance("Collection",
                    new CollectionCertStoreParameters(List.of(fetch(url))));
            return ask(whom, certificate, issuer,
                    checker -> checker.setOptions(EnumSet.of(Option.NO_FALLBACK, Option.PREFER_CRLS)),
                    List.of(lists));
        } catch (IOException e) {
            return new Told(Answer.UNREACHABLE, whom + " cannot be reached: " + e.getMessage());
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return new Told(Answer.USELESS, whom + " does not say so: it is none");
        }
    }

    private CRL fetch(String url) throws IOException, GeneralSecurityException {
        URI uri = URI.create(url);
        if (!"http".equalsIgnoreCase(uri.getScheme()) && !"https".equalsIgnoreCase(uri.getScheme())) {
            throw new CRLException(url);
        }
        if (proxy.isPresent()) {
            return list(through(url, Map.of(), Optional.empty(), MAX_LIST));
        }
        URLConnection connection = uri.toURL().openConnection();
        connection.setConnectTimeout((int) FETCH.toMillis());
        connection.setReadTimeout((int) FETCH.toMillis());
        try (InputStream in = connection.getInputStream()) {
            return list(in.readNBytes(MAX_LIST));
        }
    }

    private static CRL list(byte[] octets) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(octets));
    }

    /** The certificate alone is validated, with its issuer as the anchor: that its issuer is trusted is known. */
    private static Told ask(String whom, X509Certificate certificate, X509Certificate issuer,
            Consumer<PKIXRevocationChecker> settings, List<CertStore> lists) {
        try {
            CertPathValidator validator = CertPathValidator.getInstance("PKIX");
            PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
            checker.setOptions(EnumSet.of(Option.NO_FALLBACK));
            settings.accept(checker);
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(issuer, null)));
            parameters.setCertStores(lists);
            parameters.addCertPathChecker(checker);
            validator.validate(
                    CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)), parameters);
            return new Told(Answer.GOOD, whom + " says that it is good");
        } catch (CertPathValidatorException e) {
            if (e.getReason() == BasicReason.REVOKED) {
                return new Told(Answer.REVOKED, whom + " says that it was revoked: " + e.getMessage());
            }
            Answer answer = isNetwork(e) ? Answer.UNREACHABLE : Answer.USELESS;
            return new Told(answer, whom + (answer == Answer.UNREACHABLE
                    ? " cannot be reached: "
                    : " does not say so: ") + root(e));
        } catch (GeneralSecurityException e) {
            return new Told(Answer.USELESS, whom + " cannot be asked: " + e.getMessage());
        }
    }

    private static boolean isNetwork(CertPathValidatorException failure) {
        if (failure.getReason() != BasicReason.UNDETERMINED_REVOCATION_STATUS) {
            return false;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
        }
        return false;
    }

    private static String root(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
