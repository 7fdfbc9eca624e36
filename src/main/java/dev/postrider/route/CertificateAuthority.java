package dev.postrider.route;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/**
 * An installation's own authority, which signs the relay's certificates and nothing else: applications trust it, and
 * notice nothing when a certificate is renewed. EC keys on P-256.
 *
 * @param certificate of the authority, PEM; good for ten years
 * @param privateKey  its key, PKCS #8 in PEM
 */
public record CertificateAuthority(String certificate, String privateKey) {
    private static final Duration VALIDITY = Duration.ofDays(3650);
    private static final Duration SERVER_VALIDITY = Duration.ofDays(365);
    private static final Duration CLOCK_SKEW = Duration.ofHours(1);
    private static final X500Name NAME = new X500Name("CN=Postrider relay CA");

    /** Makes a new authority. */
    public static CertificateAuthority generate(InstantSource clock) {
        try {
            KeyPair key = newKey();
            var builder = builder(NAME, key.getPublic(), clock.instant(), VALIDITY)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return new CertificateAuthority(pem("CERTIFICATE", sign(builder, key.getPrivate()).getEncoded()),
                    pem("PRIVATE KEY", key.getPrivate().getEncoded()));
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw unable(e);
        }
    }

    /**
     * Issues a certificate for the relay; good for a year.
     *
     * @param dnsNames the names that clients reach the relay by, at least one; addresses are recognized as such
     * @throws IllegalArgumentException if there are no names, or this authority's certificate or key cannot be read
     */
    public RelayCertificate issue(List<String> dnsNames, InstantSource clock) {
        if (dnsNames.isEmpty()) {
            throw new IllegalArgumentException("a certificate needs at least one name");
        }
        X509Certificate authority;
        PrivateKey authorityKey;
        try (PemReader reader = new PemReader(new StringReader(privateKey))) {
            authority = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(certificate.getBytes(StandardCharsets.US_ASCII)));
            authorityKey = KeyFactory.getInstance("EC")
                    .generatePrivate(new PKCS8EncodedKeySpec(reader.readPemObject().getContent()));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("the authority's certificate or key cannot be read", e);
        }
        try {
            KeyPair key = newKey();
            var builder = builder(new X500Name("CN=Postrider relay"), key.getPublic(), clock.instant(), SERVER_VALIDITY)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false,
                            new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
                    .addExtension(Extension.authorityKeyIdentifier, false,
                            new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublicKey()))
                    .addExtension(Extension.subjectAlternativeName, false, names(dnsNames));
            return new RelayCertificate(certificate,
                    pem("CERTIFICATE", sign(builder, authorityKey).getEncoded()) + certificate,
                    pem("PRIVATE KEY", key.getPrivate().getEncoded()));
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw unable(e);
        }
    }

    private static IllegalStateException unable(Exception cause) {
        return new IllegalStateException("this Java cannot make a certificate with EC P-256 and SHA-256", cause);
    }

    private static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static JcaX509v3CertificateBuilder builder(X500Name subject, PublicKey key, Instant now, Duration validity)
            throws GeneralSecurityException, CertIOException {
        var builder = new JcaX509v3CertificateBuilder(NAME, new BigInteger(127, new SecureRandom()),
                Date.from(now.minus(CLOCK_SKEW)), Date.from(now.plus(validity)), subject, key);
        builder.addExtension(Extension.subjectKeyIdentifier, false,
                new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
        return builder;
    }

    private static GeneralNames names(List<String> dnsNames) {
        return new GeneralNames(dnsNames.stream()
                .map(name -> new GeneralName(isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new));
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey authority)
            throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter()
                .getCertificate(
                        builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority)));
    }

    private static String pem(String type, byte[] content) throws IOException {
        var text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            writer.writeObject(new PemObject(type, content));
        }
        return text.toString().replace(System.lineSeparator(), "\n");
    }

    @Override
    public String toString() {
        return "CertificateAuthority[]";
    }
}
