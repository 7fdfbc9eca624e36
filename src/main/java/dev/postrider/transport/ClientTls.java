package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.TlsSettings;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * Encrypts connections that others made, and checks the server's certificate, as declared.
 *
 * @param settings how
 * @param field    that declares it, for what is told to people
 * @param patience how long a handshake may take
 * @param egress   where those may be who know of revocations
 */
public record ClientTls(TlsSettings settings, String field, Duration patience, EgressPolicy egress) {
    private static final ResourceKey NOBODY = new ResourceKey("", "");

    /**
     * Encrypts a connection.
     *
     * @param host that it leads to
     * @throws IOException if the server cannot or may not be spoken to
     */
    public SSLSocket encrypt(Socket socket, String host, int port) throws IOException {
        var endpoint = new Endpoint.Smtp(host, port, Endpoint.Security.TLS, settings, false, Optional.empty(),
                Optional.empty(), patience, patience, patience, patience, 1, Optional.empty());
        try (var _ = new Deadline(patience, socket)) {
            return Wire.handshake(endpoint, new TlsContexts().of(NOBODY, endpoint, egress), socket);
        } catch (RefusedException e) {
            throw new IOException(told(e.verdict().message()), e);
        } catch (IOException e) {
            throw CertificateRefusedException.in(e)
                    .<IOException>map(why -> new SSLException("its certificate is refused: " + told(why), e))
                    .orElse(e);
        }
    }

    private String told(String text) {
        return text.replace("spec.smtp.tls", field);
    }
}
