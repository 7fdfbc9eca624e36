package dev.postrider.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.route.DkimKey;
import dev.postrider.route.InvalidPemException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks signatures by dkimpy, which shares nothing with what made them; the DNS is a table. */
public final class DkimVerifier {
    private static final String PROGRAM = """
            import base64, dkim, json, sys
            told = json.load(sys.stdin)
            def txt(name, timeout=5):
                return told['records'].get(name.decode().rstrip('.'), '').encode()
            for mail in told['mails']:
                octets = base64.b64decode(mail)
                verifier = dkim.DKIM(octets)
                results = []
                for i, field in enumerate(f for f in verifier.headers if f[0].lower() == b'dkim-signature'):
                    try:
                        good = dkim.DKIM(octets).verify(idx=i, dnsfunc=txt)
                    except dkim.DKIMException as e:
                        good = False
                    algorithm = dkim.util.parse_tag_value(field[1])[b'a'].decode()
                    results.append(algorithm + ' ' + ('pass' if good else 'fail'))
                print(', '.join(results))
            """;

    private final Python python;
    private final Map<String, String> records = new HashMap<>();

    private DkimVerifier(Python python) {
        this.python = python;
    }

    /** One that knows the records of these keys; empty where dkimpy is not installed. */
    public static Optional<DkimVerifier> of(List<DkimKey> keys) {
        return Python.with("dkim", "nacl").map(DkimVerifier::new).map(verifier -> {
            for (DkimKey key : keys) {
                try {
                    verifier.records.put(key.recordName(), key.recordValue());
                } catch (InvalidPemException e) {
                    throw new IllegalArgumentException(e);
                }
            }
            return verifier;
        });
    }

    /** The algorithm and {@code pass} or {@code fail} of each signature of each mail, from the top. */
    public List<String> verify(List<byte[]> mails) {
        try {
            String told = new ObjectMapper().writeValueAsString(Map.of("records", records, "mails",
                    mails.stream().map(mail -> Base64.getEncoder().encodeToString(mail)).toList()));
            CommandResult result = python.run(PROGRAM, told);
            if (result.exitCode() != 0) {
                throw new AssertionError(result.err());
            }
            return result.out().lines().toList();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A new key in PKCS #8. */
    public static DkimKey key(String selector, String domain, String algorithm, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (bits > 0) {
                generator.initialize(bits);
            }
            return new DkimKey(selector, domain, "-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                            .encodeToString(generator.generateKeyPair().getPrivate().getEncoded())
                    + "\n-----END PRIVATE KEY-----\n");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
