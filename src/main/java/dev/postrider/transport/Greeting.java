package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.Endpoint.Security;
import dev.postrider.route.ServerPorts;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * The wait for a server's greeting. A server that speaks TLS from the first octet waits for the client, as the client
 * waits for it. So when no greeting comes, a connection beside this one begins with TLS, and only looks whether a TLS
 * record comes back. A server that greets late on purpose (Postfix's postscreen waits 6 s, some hosters half a minute)
 * takes a client that speaks first for one that sends spam: at a port where servers begin in the clear it is only
 * waited for, and nobody's greeting is cut short. Only a test mail looks: a server is promised no more connections than
 * {@code maxConnections}, and a delivery has its place already.
 */
final class Greeting implements AutoCloseable {
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(10);
    private static final Duration LOOK = Duration.ofSeconds(10);
    /** An alert or a handshake, and the version that all of them have (RFC 8446 section 5.1). */
    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int VERSION = 3;

    private final Endpoint.Smtp endpoint;
    private final EgressPolicy policy;
    private final boolean test;
    private final Thread look;
    private boolean looked;
    private boolean tls;

    /**
     * Begins to wait.
     *
     * @param policy where the connection beside this one may go
     * @param test   whether a test mail is sent
     * @param found  what to do when the server is found to speak TLS
     */
    Greeting(Endpoint.Smtp endpoint, EgressPolicy policy, boolean test, Runnable found) {
        this.endpoint = endpoint;
        this.policy = policy;
        this.test = test;
        Duration sixth = endpoint.connectTimeout().dividedBy(6);
        Duration silence = sixth.compareTo(LONGEST_SILENCE) < 0 ? sixth : LONGEST_SILENCE;
        this.look = Thread.ofVirtual().name("greeting").unstarted(() -> {
            try {
                Thread.sleep(silence);
            } catch (InterruptedException e) {
                return;
            }
            if (speaksTls()) {
                found.run();
            }
        });
        if (mayLook()) {
            look.start();
        }
    }

    private boolean mayLook() {
        return test && endpoint.security() != Security.TLS && !ServerPorts.beginInTheClear(endpoint.port());
    }

    /** Whether the first octets of a server are of TLS. */
    static boolean isTls(byte[] octets) {
        return octets.length > 1 && (octets[0] == ALERT || octets[0] == HANDSHAKE) && octets[1] == VERSION;
    }

    /** Whether the server speaks TLS from the first octet: asks it, unless it was asked. */
    synchronized boolean speaksTls() {
        if (!looked && mayLook()) {
            looked = true;
            tls = answersInTls();
        }
        return tls;
    }

    private boolean answersInTls() {
        try (Socket socket = new Connector(endpoint, policy, new Dialogue(false)).connect().socket();
                var _ = new Deadline(LOOK, socket)) {
            socket.getOutputStream().write(clientHello());
            InputStream in = socket.getInputStream();
            return isTls(in.readNBytes(2));
        } catch (IOException | GeneralSecurityException | RefusedException e) {
            return false;
        }
    }

    private byte[] clientHello() throws IOException, GeneralSecurityException {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine(endpoint.certificateName(), endpoint.port());
        engine.setUseClientMode(true);
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        byte[] octets = new byte[hello.flip().remaining()];
        hello.get(octets);
        return octets;
    }

    @Override
    public void close() {
        look.interrupt();
    }
}
