package dev.postrider.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/** A certificate authority made for a test, and the server certificates that it issues. */
public final class TestCertificates {
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;

    /** A new authority, valid for a year. */
    public TestCertificates(String commonName) {
        X500Principal name = new X500Principal("CN=" + commonName);
        Instant now = Instant.now();
        certificate = issue(name, keys, name, keys, now.minus(Duration.ofDays(800)), now.plus(Duration.ofDays(365)),
                true);
    }

    /**
     * A server's certificate with its key.
     *
     * @param certificate in PEM
     * @param privateKey  in PEM (PKCS #8)
     * @param context     speaks TLS with them
     * @param x509        the certificate itself
     */
    public record Server(String certificate, String privateKey, SSLContext context, X509Certificate x509) {}

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
        return server(newRsaKeys(), now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(30)), name);
    }

    /** A certificate of this authority, valid between two points in time, for host names and addresses. */
    public Server server(Instant from, Instant to, String... names) {
        return server(newKeys(), from, to, names);
    }

    private Server server(KeyPair serverKeys, Instant from, Instant to, String... names) {
        X509Certificate issued = issue(new X500Principal("CN=" + names[0]), serverKeys,
                certificate.getSubjectX500Principal(), keys, from, to, false, names);
        return new Server(pem(issued), pem(new PemObject("PRIVATE KEY", serverKeys.getPrivate().getEncoded())),
                context(issued, serverKeys), issued);
    }

    private SSLContext context(X509Certificate issued, KeyPair serverKeys) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", serverKeys.getPrivate(), new char[0],
                    new X509Certificate[]{issued, certificate});
            KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
            managers.init(store, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate issue(X500Principal subject, KeyPair subjectKeys, X500Principal issuer,
            KeyPair issuerKeys, Instant from, Instant to, boolean authority, String... names) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(issuer,
                    new BigInteger(120, new SecureRandom()), Date.from(from), Date.from(to), subject,
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (names.length > 0) {
                builder.addExtension(Extension.subjectAlternativeName, false,
                        new GeneralNames(Arrays.stream(names)
                                .map(name -> new GeneralName(
                                        name.matches("[0-9.]+|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName,
                                        name))
                                .toArray(GeneralName[]::new)));
            }
            return new JcaX509CertificateConverter().getCertificate(
                    builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate())));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
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
