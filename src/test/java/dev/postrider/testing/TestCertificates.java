package dev.postrider.testing;

import dev.postrider.route.CertificateBundle;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/** A certificate authority made for a test, and the certificates that it issues. */
public final class TestCertificates {
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;
    /** Those between this authority and the root, this one first. */
    private final List<X509Certificate> chain;

    /** A new authority, valid for a year. */
    public TestCertificates(String commonName) {
        X500Principal name = new X500Principal("CN=" + commonName);
        Instant now = Instant.now();
        certificate = issue(name, keys, name, keys, true,
                Request.of().valid(now.minus(Duration.ofDays(800)), now.plus(Duration.ofDays(365))));
        chain = List.of(certificate);
    }

    /** An authority below another one. */
    private TestCertificates(String commonName, TestCertificates issuer, Request request) {
        certificate = issue(new X500Principal("CN=" + commonName), keys, issuer.certificate.getSubjectX500Principal(),
                issuer.keys, true, request);
        chain = Stream.concat(Stream.of(certificate), issuer.chain.stream()).toList();
    }

    /** An authority below this one, valid as the request says. */
    public TestCertificates intermediate(String commonName, Request request) {
        return new TestCertificates(commonName, this, request);
    }

    /**
     * What a certificate is to be like.
     *
     * @param commonName of its subject
     * @param names      its subject alternative names, hosts and addresses
     * @param purposes   its extended key usage; empty for none
     * @param responder  URL of the OCSP responder that it names, or empty
     * @param list       URL of the CRL that it names, or empty
     */
    public record Request(String commonName, List<String> names, Instant from, Instant to,
            List<KeyPurposeId> purposes, String responder, String list) {

        /** Valid now, for these names. */
        public static Request of(String... names) {
            Instant now = Instant.now();
            return new Request(names.length == 0 ? "test" : names[0], List.of(names), now.minus(Duration.ofDays(1)),
                    now.plus(Duration.ofDays(30)), List.of(), "", "");
        }

        public Request valid(Instant newFrom, Instant newTo) {
            return new Request(commonName, names, newFrom, newTo, purposes, responder, list);
        }

        public Request called(String newCommonName) {
            return new Request(newCommonName, names, from, to, purposes, responder, list);
        }

        public Request purpose(KeyPurposeId... newPurposes) {
            return new Request(commonName, names, from, to, List.of(newPurposes), responder, list);
        }

        public Request asking(String newResponder, String newList) {
            return new Request(commonName, names, from, to, purposes, newResponder, newList);
        }
    }

    /**
     * A server's certificate with its key.
     *
     * @param certificate in PEM
     * @param privateKey  in PEM (PKCS #8)
     * @param context     speaks TLS with them
     * @param x509        the certificate itself
     */
    public record Server(String certificate, String privateKey, SSLContext context, X509Certificate x509) {

        /** SHA-256 of the certificate, as people pin it. */
        public String fingerprint() {
            return CertificateBundle.fingerprint(x509);
        }
    }

    /** The authority's own certificate. */
    public X509Certificate x509() {
        return certificate;
    }

    /** The authority's key in PEM. */
    public String privateKey() {
        return pem(keys);
    }

    /** A list of revoked certificates (CRL), valid for a day. */
    public byte[] revocationList(X509Certificate... revoked) {
        Date now = Date.from(Instant.now().minus(Duration.ofMinutes(1)));
        JcaX509v2CRLBuilder builder = new JcaX509v2CRLBuilder(certificate.getSubjectX500Principal(), now);
        builder.setNextUpdate(Date.from(Instant.now().plus(Duration.ofDays(1))));
        for (X509Certificate bad : revoked) {
            builder.addCRLEntry(bad.getSerialNumber(), now, 0);
        }
        try {
            return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())).getEncoded();
        } catch (IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The authority's certificate in PEM. */
    public String pem() {
        return pem(certificate);
    }

    /** A certificate of this authority that is valid now, for host names and addresses. */
    public Server server(String... names) {
        Instant now = Instant.now();
        return server(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(30)), names);
    }

    /** A certificate of this authority for an RSA key, as clients show it that log in with one. */
    public Server rsa(String name) {
        Instant now = Instant.now();
        return server(Request.of(name).valid(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(30))),
                newRsaKeys(),
                chain);
    }

    /** A certificate of this authority, valid between two points in time, for host names and addresses. */
    public Server server(Instant from, Instant to, String... names) {
        return server(Request.of(names).valid(from, to));
    }

    /** A certificate of this authority, shown with those that it leads through. */
    public Server server(Request request) {
        return server(request, newKeys(), chain);
    }

    /** A certificate of this authority, shown without any other. */
    public Server alone(Request request) {
        return server(request, newKeys(), List.of());
    }

    private Server server(Request request, KeyPair serverKeys, List<X509Certificate> others) {
        X509Certificate issued = issue(new X500Principal("CN=" + request.commonName()), serverKeys,
                certificate.getSubjectX500Principal(), keys, false, request);
        return served(issued, serverKeys, others);
    }

    /** A certificate that is its own authority. */
    public static Server selfSigned(Request request) {
        KeyPair serverKeys = newKeys();
        X500Principal name = new X500Principal("CN=" + request.commonName());
        return served(issue(name, serverKeys, name, serverKeys, false, request), serverKeys, List.of());
    }

    private static Server served(X509Certificate issued, KeyPair serverKeys, List<X509Certificate> others) {
        List<X509Certificate> shown = Stream.concat(Stream.of(issued), others.stream()).toList();
        return new Server(pem(issued), pem(serverKeys),
                context(shown, serverKeys), issued);
    }

    private static SSLContext context(List<X509Certificate> shown, KeyPair serverKeys) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", serverKeys.getPrivate(), new char[0],
                    shown.toArray(X509Certificate[]::new));
            KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
            managers.init(store, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), new TrustManager[]{new AnyClient()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Takes whatever a client shows; the test looks at it. */
    private static final class AnyClient extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] shown, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private static X509Certificate issue(X500Principal subject, KeyPair subjectKeys, X500Principal issuer,
            KeyPair issuerKeys, boolean authority, Request request) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(issuer,
                    new BigInteger(120, new SecureRandom()), Date.from(request.from()), Date.from(request.to()),
                    subject,
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (!request.names().isEmpty()) {
                builder.addExtension(Extension.subjectAlternativeName, false,
                        new GeneralNames(request.names()
                                .stream()
                                .map(name -> new GeneralName(
                                        name.matches("[0-9.]+|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName,
                                        name))
                                .toArray(GeneralName[]::new)));
            }
            if (!request.purposes().isEmpty()) {
                builder.addExtension(Extension.extendedKeyUsage, false,
                        new ExtendedKeyUsage(request.purposes().toArray(KeyPurposeId[]::new)));
            }
            if (!request.responder().isEmpty()) {
                builder.addExtension(Extension.authorityInfoAccess, false, new AuthorityInformationAccess(
                        AccessDescription.id_ad_ocsp, uri(request.responder())));
            }
            if (!request.list().isEmpty()) {
                builder.addExtension(Extension.cRLDistributionPoints, false, new CRLDistPoint(new DistributionPoint[]{
                        new DistributionPoint(new DistributionPointName(new GeneralNames(uri(request.list()))), null,
                                null)}));
            }
            return new JcaX509CertificateConverter().getCertificate(
                    builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate())));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GeneralName uri(String url) {
        return new GeneralName(GeneralName.uniformResourceIdentifier, url);
    }

    private static KeyPair newRsaKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With the public key in it, as Java leaves it out and GnuTLS wants it (RFC 5915). */
    private static String pem(KeyPair pair) {
        if (pair.getPrivate().getAlgorithm().equals("RSA")) {
            return pem(new PemObject("PRIVATE KEY", pair.getPrivate().getEncoded()));
        }
        AlgorithmIdentifier algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey,
                SECObjectIdentifiers.secp256r1);
        ECPrivateKey key = new ECPrivateKey(256, ((java.security.interfaces.ECPrivateKey) pair.getPrivate()).getS(),
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()).getPublicKeyData(),
                SECObjectIdentifiers.secp256r1);
        try {
            return pem(new PemObject("PRIVATE KEY", new PrivateKeyInfo(algorithm, key).getEncoded()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(Object object) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return text.toString();
    }
}
