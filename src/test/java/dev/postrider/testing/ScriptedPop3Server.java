package dev.postrider.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;

/**
 * A POP3 server on the loopback interface that says {@code +OK} to everything but what a test tells it to answer
 * otherwise. The steps: {@code CONNECT}, {@code STLS}, {@code APOP}, {@code USER}, {@code PASS}, {@code QUIT}.
 */
public final class ScriptedPop3Server implements AutoCloseable {
    /** In place of an answer: none, until the server is closed. */
    public static final String HANG = "(hang)";

    private final ServerSocket socket;
    private final TestCertificates.Server certificate;
    private final Map<String, String> script = new ConcurrentHashMap<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    private ScriptedPop3Server(ServerSocket socket, TestCertificates.Server certificate) {
        this.socket = socket;
        this.certificate = certificate;
    }

    /** Starts one on a port that the system chooses; it speaks TLS after STLS. */
    public static ScriptedPop3Server start(TestCertificates.Server certificate) {
        try {
            ScriptedPop3Server server = new ScriptedPop3Server(
                    new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), certificate);
            Thread.ofVirtual().name("scripted-pop3").start(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers a step so. */
    public ScriptedPop3Server on(String step, String answer) {
        script.put(step, answer);
        return this;
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** The commands of all sessions; {@code (TLS) } before those that came encrypted. */
    public List<String> commands() {
        return commands;
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket session = socket.accept();
                Thread.ofVirtual().name("scripted-pop3-session").start(() -> serve(session));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket plain) {
        try (plain) {
            Socket current = plain;
            BufferedReader in = answer(current, "CONNECT");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                commands.add((current instanceof SSLSocket ? "(TLS) " : "") + line);
                String verb = line.split(" ", 2)[0].toUpperCase(Locale.ROOT);
                in = answer(current, verb);
                if (verb.equals("STLS") && !script.getOrDefault(verb, "").startsWith("-")) {
                    SSLSocket encrypted = (SSLSocket) certificate.context()
                            .getSocketFactory()
                            .createSocket(plain, "localhost", plain.getPort(), true);
                    encrypted.setUseClientMode(false);
                    encrypted.startHandshake();
                    current = encrypted;
                    in = new BufferedReader(
                            new InputStreamReader(current.getInputStream(), StandardCharsets.UTF_8));
                }
            }
        } catch (IOException e) {
            // The client went away.
        }
    }

    private BufferedReader answer(Socket session, String step) throws IOException {
        String answer = script.getOrDefault(step, "+OK");
        if (answer.equals(HANG)) {
            try {
                closed.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        session.getOutputStream().write((answer + "\r\n").getBytes(StandardCharsets.UTF_8));
        session.getOutputStream().flush();
        return new BufferedReader(new InputStreamReader(session.getInputStream(), StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
