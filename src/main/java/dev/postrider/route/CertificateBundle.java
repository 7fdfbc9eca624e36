package dev.postrider.route;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Certificates in PEM (RFC 7468), one after the other; text may stand between, as section 2 there allows. */
public final class CertificateBundle {
    /** Of a bundle that is taken; Mozilla's list of all public authorities has some 220,000. */
    public static final int MOST_CHARACTERS = 256 * 1024;

    private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
    private static final String END = "-----END CERTIFICATE-----";
    /** Also one that was written wrong. */
    private static final Pattern MARKER = Pattern.compile("--\\s*(BEGIN|END)\\b|\\b(BEGIN|END) [A-Z0-9 ]+--");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]{40,}={0,2}");

    private CertificateBundle() {}

    /**
     * Reads them all. What may be half a certificate is refused rather than passed over, since a server would be refused
     * for want of it much later: a marker without the other, and lines of base64 outside of markers.
     *
     * @return at least one
     * @throws InvalidPemException if there is none, or anything else; the message tells the line
     */
    public static List<X509Certificate> parse(String pem) throws InvalidPemException {
        List<X509Certificate> certificates = new ArrayList<>();
        StringBuilder content = new StringBuilder();
        int begun = 0;
        int number = 0;
        for (String line : pem.lines().map(String::strip).toList()) {
            number++;
            if (begun > 0 && line.equals(END)) {
                certificates.add(certificate(content.toString(), begun, certificates.size() + 1));
                content.setLength(0);
                begun = 0;
            } else if (begun > 0 && line.startsWith("-----")) {
                throw new InvalidPemException("the certificate that begins in line " + begun
                        + " has no \"" + END + "\" before line " + number);
            } else if (begun > 0) {
                content.append(line);
            } else if (line.equals(BEGIN)) {
                begun = number;
            } else if (line.startsWith("-----BEGIN ")) {
                throw new InvalidPemException("line " + number + " begins something else than a certificate: "
                        + line.substring("-----BEGIN ".length()).replace("-", "").toLowerCase(Locale.ROOT));
            } else if (MARKER.matcher(line).find()) {
                throw new InvalidPemException("line " + number + " is a marker that does not belong to another: \""
                        + line.substring(0, Math.min(line.length(), 64)) + "\""
                        + (certificates.isEmpty() ? "" : ", after certificate " + certificates.size()));
            } else if (BASE64.matcher(line).matches()) {
                throw new InvalidPemException("line " + number + " looks like part of a certificate that has no \""
                        + BEGIN + "\""
                        + (certificates.isEmpty() ? "" : ", after certificate " + certificates.size()));
            }
        }
        if (begun > 0) {
            throw new InvalidPemException(
                    "the certificate that begins in line " + begun + " has no \"" + END + "\"; it is cut off");
        }
        if (certificates.isEmpty()) {
            throw new InvalidPemException("it holds no \"" + BEGIN + "\"");
        }
        return certificates;
    }

    /**
     * The certificates of a bundle that are of authorities, each once, with nothing in between. One that signed itself is
     * one, whatever it says.
     *
     * @return in PEM; empty if there is none
     * @throws InvalidPemException as {@link #parse}
     */
    public static String authorities(String pem) throws InvalidPemException {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : new LinkedHashSet<>(parse(pem))) {
            if (certificate.getBasicConstraints() >= 0 || isSelfSigned(certificate)) {
                text.append(BEGIN).append('\n').append(base64(certificate)).append('\n').append(END).append('\n');
            }
        }
        return text.toString();
    }

    private static String base64(X509Certificate certificate) {
        try {
            return Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read can be written", e);
        }
    }

    private static X509Certificate certificate(String base64, int line, int number) throws InvalidPemException {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
        } catch (CertificateException | IllegalArgumentException e) {
            throw new InvalidPemException(
                    "certificate " + number + ", which begins in line " + line + ", cannot be read: "
                            + (e instanceof CertificateException ? "it is no X.509 certificate" : "it is no base64"));
        }
    }

    /** The SHA-256 of a certificate, as people compare and pin it: upper-case hex with colons. */
    public static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.ofDelimiter(":")
                    .withUpperCase()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new IllegalStateException("every Java has SHA-256, and a certificate that was read can be written",
                    e);
        }
    }

    /** A fingerprint in the form of {@link #fingerprint}, however it was written: with colons or without. */
    public static String canonical(String fingerprint) {
        return HexFormat.ofDelimiter(":")
                .withUpperCase()
                .formatHex(
                        HexFormat.of().parseHex(fingerprint.replace(":", "")));
    }

    /** Whether a certificate names itself as its issuer, and is signed by its own key. */
    public static boolean isSelfSigned(X509Certificate certificate) {
        return isIssuedBy(certificate, certificate);
    }

    /** Whether the name and the key of one certificate are those that issued the other. */
    public static boolean isIssuedBy(X509Certificate certificate, X509Certificate issuer) {
        if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
