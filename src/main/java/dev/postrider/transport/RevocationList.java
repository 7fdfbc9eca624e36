package dev.postrider.transport;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.operator.ContentVerifier;
import org.bouncycastle.operator.DefaultSignatureNameFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.RuntimeOperatorException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

/**
 * A list of revoked certificates (RFC 5280 section 5), read as it comes: a list of millions costs no more memory than
 * an empty one. It is read to its end before it counts, for its signature comes last. It must be of the issuer's own
 * key, complete for its scope, and valid now; what else a list may be is {@link UselessException}.
 */
final class RevocationList {
    /** Octets of a list; lists of public authorities that are not split are smaller than 10 MiB. */
    static final int MOST_OCTETS = 10 * 1024 * 1024;

    private static final Duration CLOCK_SKEW = Duration.ofMinutes(15);
    private static final int MOST_PART = 256 * 1024;
    private static final int MOST_SERIAL = 64;
    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTC_TIME = 0x17;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int EXTENSIONS = 0xa0;

    private final Octets in;
    private int tag;
    private long end;
    private byte[] header = new byte[0];

    private RevocationList(InputStream in) {
        this.in = new Octets(in);
    }

    /** What was read is no list, or none that says anything of the certificate. */
    static final class UselessException extends IOException {
        UselessException(String message) {
            super(message);
        }
    }

    /** Whose certificate is looked for, and whether a list for some certificates is for it (section 5.2.5). */
    record Subject(X509Certificate certificate, X509Certificate issuer, Set<String> points) {
        boolean isIn(IssuingDistributionPoint scope) {
            boolean authority = certificate.getBasicConstraints() >= 0;
            return !scope.isIndirectCRL() && scope.getOnlySomeReasons() == null
                    && !scope.onlyContainsAttributeCerts()
                    && !(authority ? scope.onlyContainsUserCerts() : scope.onlyContainsCACerts())
                    && (scope.getDistributionPoint() == null
                            || Revocation.names(scope.getDistributionPoint()).anyMatch(points::contains));
        }
    }

    /**
     * Whether the list names the certificate.
     *
     * @throws UselessException if it is not a list that counts
     * @throws IOException      otherwise if it cannot be read to its end, or is too long
     */
    static boolean revokes(InputStream in, Subject subject, Instant now) throws IOException {
        try {
            return new RevocationList(der(in)).read(subject, now);
        } catch (IllegalArgumentException | ClassCastException | OperatorCreationException
                | RuntimeOperatorException e) {
            throw new UselessException("it cannot be read");
        }
    }

    /** Some serve lists in PEM, though RFC 5280 section 4.2.1.13 has them in DER. */
    private static InputStream der(InputStream in) throws IOException {
        PushbackInputStream peeking = new PushbackInputStream(in, 1);
        int first = peeking.read();
        if (first != '-') {
            if (first >= 0) {
                peeking.unread(first);
            }
            return peeking;
        }
        for (int i = 0, c = first; c >= 0 && c != '\n' && i < 100; i++) {
            c = peeking.read();
        }
        return Base64.getMimeDecoder().wrap(peeking);
    }

    private boolean read(Subject subject, Instant now)
            throws IOException, OperatorCreationException {
        X509Certificate issuer = subject.issuer();
        begin(SEQUENCE);
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        in.copyTo(head);
        long ofTbs = begin(SEQUENCE);
        next();
        if (tag == INTEGER) {
            in.skipNBytes(end - in.count);
            next();
        }
        byte[] algorithm = part(SEQUENCE);
        ContentVerifier signature = verifier(algorithm, issuer);
        OutputStream signed = signature.getOutputStream();
        head.writeTo(signed);
        in.copyTo(signed);
        next();
        boolean ofIssuer = new X500Principal(part(SEQUENCE)).equals(issuer.getSubjectX500Principal());
        next();
        Instant from = time();
        next();
        Optional<Instant> to = tag == UTC_TIME || tag == GENERALIZED_TIME ? Optional.of(time()) : Optional.empty();
        if (to.isPresent() && in.count < ofTbs) {
            next();
        }
        boolean found = false;
        if (tag == SEQUENCE && in.count < ofTbs) {
            found = names(subject.certificate().getSerialNumber());
            if (in.count < ofTbs) {
                next();
            }
        }
        boolean complete = tag != EXTENSIONS || isFor(subject, part(EXTENSIONS));
        if (in.count != ofTbs) {
            throw new UselessException("it cannot be read");
        }
        in.copyTo(OutputStream.nullOutputStream());
        next();
        boolean sameAlgorithm = Arrays.equals(algorithm, part(SEQUENCE));
        next();
        byte[] bits = ASN1BitString.getInstance(part(BIT_STRING)).getOctets();
        boolean[] usage = issuer.getKeyUsage();
        if (!ofIssuer || !sameAlgorithm || usage != null && !usage[6]
                || !signature.verify(bits)) {
            throw new UselessException("it is not signed by the certificate's issuer");
        }
        if (!complete) {
            throw new UselessException("it is not for this certificate");
        }
        if (from.isAfter(now.plus(CLOCK_SKEW)) || to.isEmpty() || to.get().isBefore(now.minus(CLOCK_SKEW))) {
            throw new UselessException("it is not valid now");
        }
        return found;
    }

    private static ContentVerifier verifier(byte[] algorithm, X509Certificate issuer)
            throws OperatorCreationException, UselessException {
        AlgorithmIdentifier identifier = AlgorithmIdentifier.getInstance(algorithm);
        String name = new DefaultSignatureNameFinder().getAlgorithmName(identifier).toUpperCase(Locale.ROOT);
        if (name.startsWith("MD") || name.startsWith("SHA1")) {
            throw new UselessException("it is signed by an algorithm that is too weak");
        }
        return new JcaContentVerifierProviderBuilder().build(issuer.getPublicKey()).get(identifier);
    }

    private boolean names(BigInteger serial) throws IOException {
        long ofAll = end;
        boolean found = false;
        while (in.count < ofAll) {
            long ofOne = begin(SEQUENCE);
            begin(INTEGER);
            if (end - in.count > MOST_SERIAL || ofOne > ofAll) {
                throw new UselessException("it cannot be read");
            }
            found |= new BigInteger(in.readNBytes((int) (end - in.count))).equals(serial);
            in.skipNBytes(ofOne - in.count);
        }
        return found;
    }

    private static boolean isFor(Subject subject, byte[] tagged) throws IOException {
        Extensions extensions = Extensions.getInstance(
                ASN1TaggedObject.getInstance(ASN1Primitive.fromByteArray(tagged))
                        .getExplicitBaseObject());
        boolean known = Arrays.stream(extensions.getCriticalExtensionOIDs())
                .allMatch(Extension.issuingDistributionPoint::equals);
        Extension scope = extensions.getExtension(Extension.issuingDistributionPoint);
        return known && (scope == null || subject.isIn(IssuingDistributionPoint.getInstance(scope.getParsedValue())));
    }

    private Instant time() throws IOException {
        return Time.getInstance(ASN1Primitive.fromByteArray(part(tag))).getDate().toInstant();
    }

    /** Reads tag and length of what comes next. */
    private void next() throws IOException {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        tag = in.octet(octets);
        long length = in.octet(octets);
        if (length > 0x80 && length <= 0x84) {
            int more = (int) (length - 0x80);
            length = 0;
            for (int i = 0; i < more; i++) {
                length = length << 8 | in.octet(octets);
            }
        } else if (length >= 0x80) {
            throw new UselessException("it cannot be read");
        }
        header = octets.toByteArray();
        end = in.count + length;
    }

    /** Goes into what comes next; answers where it ends. */
    private long begin(int expected) throws IOException {
        next();
        if (tag != expected) {
            throw new UselessException("it is no list");
        }
        return end;
    }

    /** What {@link #next} has begun, with its tag and length. */
    private byte[] part(int expected) throws IOException {
        if (tag != expected || end - in.count > MOST_PART) {
            throw new UselessException("it is no list");
        }
        byte[] content = in.readNBytes((int) (end - in.count));
        byte[] whole = Arrays.copyOf(header, header.length + content.length);
        System.arraycopy(content, 0, whole, header.length, content.length);
        return whole;
    }

    /** Counts what is read, and copies it to where it is wanted. */
    private static final class Octets extends FilterInputStream {
        private OutputStream copy = OutputStream.nullOutputStream();
        private long count;

        Octets(InputStream in) {
            super(in);
        }

        void copyTo(OutputStream other) {
            copy = other;
        }

        int octet(OutputStream also) throws IOException {
            int octet = read();
            if (octet < 0) {
                throw new EOFException("the list is cut off");
            }
            also.write(octet);
            return octet;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] octets, int offset, int length) throws IOException {
            int read = super.read(octets, offset, length);
            if (read > 0) {
                count += read;
                copy.write(octets, offset, read);
            }
            if (count > MOST_OCTETS) {
                throw new IOException("the list has more than " + MOST_OCTETS + " octets");
            }
            return read;
        }

        @Override
        public long skip(long octets) throws IOException {
            byte[] passed = new byte[(int) Math.min(octets, 8192)];
            return Math.max(0, read(passed, 0, passed.length));
        }
    }
}
