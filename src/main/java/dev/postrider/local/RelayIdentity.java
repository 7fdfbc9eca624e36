package dev.postrider.local;

import dev.postrider.route.CertificateAuthority;
import dev.postrider.route.RelayCertificate;
import dev.postrider.route.SubmitterKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/** A certificate for this machine, kept across runs so that nobody need be told of another. */
public final class RelayIdentity {
    public static final String HOST = "localhost";

    private static final String SUBMITTER_KEY = "local";

    private RelayIdentity() {}

    /**
     * Reads the key that logins of submitters are queued under, or makes one where there is none.
     *
     * @param directory gets submitter.key, readable by its owner alone
     * @throws IOException if it cannot be read or written
     */
    static SubmitterKey submitterKey(Path directory) throws IOException {
        Path file = directory.resolve("submitter.key");
        if (Files.exists(file)) {
            return new SubmitterKey(SUBMITTER_KEY, Files.readString(file).strip());
        }
        SubmitterKey made = SubmitterKey.generate(SUBMITTER_KEY);
        PrivateFiles.write(file, made.key() + "\n");
        return made;
    }

    /**
     * Reads the certificate, or makes one where there is none or it ends soon.
     *
     * @param directory gets ca.crt, tls.crt and tls.key, readable by their owner alone
     * @throws IOException if they cannot be read or written
     */
    public static RelayCertificate load(Path directory, InstantSource clock) throws IOException {
        Path authority = directory.resolve("ca.crt");
        Path chain = directory.resolve("tls.crt");
        Path key = directory.resolve("tls.key");
        if (Files.exists(authority) && Files.exists(chain) && Files.exists(key)) {
            RelayCertificate kept = new RelayCertificate(Files.readString(authority), Files.readString(chain),
                    Files.readString(key));
            if (!kept.isDue(clock)) {
                return kept;
            }
        }
        RelayCertificate made = CertificateAuthority.generate(clock).issue(List.of(HOST, "127.0.0.1"), clock);
        PrivateFiles.write(authority, made.caCertificate());
        PrivateFiles.write(chain, made.certificateChain());
        PrivateFiles.write(key, made.privateKey());
        return made;
    }
}
