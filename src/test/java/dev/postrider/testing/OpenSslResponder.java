package dev.postrider.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The responder (OCSP, RFC 6960) of the machine's own OpenSSL, which knows one certificate. */
public final class OpenSslResponder implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/bin/openssl");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final Process process;

    private OpenSslResponder(Process process) {
        this.process = process;
    }

    public static boolean isInstalled() {
        return InstalledProgram.OPENSSL.isUsable();
    }

    /**
     * Starts one; OpenSSL lets it listen on all interfaces.
     *
     * @param directory   where its files may be
     * @param authority   that issued the certificate, and signs the answers
     * @param certificate that it knows
     * @param revoked     whether that was revoked
     */
    public static OpenSslResponder start(Path directory, int port, TestCertificates authority,
            X509Certificate certificate, boolean revoked) throws IOException {
        Instant now = Instant.now();
        Path index = Files.writeString(directory.resolve("index.txt"), "%s\t%s\t%s\t%s\tunknown\t/CN=localhost%n"
                .formatted(revoked ? "R" : "V", TIME.format(certificate.getNotAfter().toInstant()),
                        revoked ? TIME.format(now.minusSeconds(60)) : "", serial(certificate)));
        Path ca = Files.writeString(directory.resolve("ca.pem"), authority.pem());
        Path key = Files.writeString(directory.resolve("ca.key"), authority.privateKey());
        Path log = directory.resolve("ocsp.log");
        Process process = new ProcessBuilder(PROGRAM.toString(), "ocsp", "-index", index.toString(), "-port",
                "" + port, "-rsigner", ca.toString(), "-rkey", key.toString(), "-CA", ca.toString(), "-ndays",
                "1")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        OpenSslResponder responder = new OpenSslResponder(process);
        try {
            // A connection that asks nothing would keep it busy, so its own word must do.
            await().until(() -> Files.readString(log).contains("waiting for OCSP client") || !process.isAlive());
            if (!process.isAlive()) {
                throw new IOException("openssl ocsp ended: " + Files.readString(log));
            }
            return responder;
        } catch (IOException | RuntimeException e) {
            responder.close();
            throw e;
        }
    }

    private static String serial(X509Certificate certificate) {
        String hex = certificate.getSerialNumber().toString(16).toUpperCase(Locale.ROOT);
        return hex.length() % 2 == 0 ? hex : "0" + hex;
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
