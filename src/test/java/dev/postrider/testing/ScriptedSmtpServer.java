package dev.postrider.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.RealmCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;
import org.jspecify.annotations.Nullable;

/**
 * An SMTP server on the loopback interface that does what a test tells it to, and remembers what it got. Without a
 * script it takes everything.
 *
 * <p>The steps of the script: {@code CONNECT} (the greeting), {@code EHLO}, {@code HELO}, {@code STARTTLS},
 * {@code AUTH}, {@code MAIL}, {@code RCPT}, {@code DATA}, {@code CONTENT} (instead of reading the message),
 * {@code MESSAGE} (after its end; only replies), {@code RSET}, {@code NOOP}, {@code QUIT}. A reply
 * that begins with 421 closes.
 */
public final class ScriptedSmtpServer implements AutoCloseable {
    /** In place of a reply: none, until the client goes away. */
    public static final String HANG = "(hang)";
    /** In place of a reply: closes the connection. */
    public static final String CLOSE = "(close)";
    /** In place of a reply: an endless one, a few octets at a time. */
    public static final String DRIP = "(drip)";
    /** In place of a reply: an endless one, as fast as the client reads. */
    public static final String FLOOD = "(flood)";

    private final ServerSocket socket;
    private final Map<String, UnaryOperator<String>> script = new ConcurrentHashMap<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private final List<Received> messages = new CopyOnWriteArrayList<>();
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();
    private final List<SSLSession> tlsSessions = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile List<String> extensions = List.of("8BITMIME", "SIZE 10240000", "SMTPUTF8", "ENHANCEDSTATUSCODES");
    private volatile boolean pipelining;
    private volatile int mostSessions = Integer.MAX_VALUE;
    private volatile String crowded = "";
    private volatile Optional<SSLContext> tls = Optional.empty();
    private volatile boolean implicitTls;
    private volatile boolean wantsClientCertificate;
    private final Map<String, String> accounts = new ConcurrentHashMap<>();
    private volatile String mechanisms = "";
    private volatile String user = "";
    private volatile String password = "";
    private volatile String realms = "localhost";
    private volatile String[] protocols = {"TLSv1.2", "TLSv1.3"};

    private ScriptedSmtpServer(ServerSocket socket) {
        this.socket = socket;
    }

    /**
     * A message that was taken.
     *
     * @param sender     the parameter of MAIL, as it came: {@code <a@example.com> SIZE=12}
     * @param recipients the addresses of RCPT without brackets
     * @param text       the message without dot stuffing, one character an octet
     * @param tls        whether it came encrypted
     * @param account    who had logged in by PLAIN; empty if nobody had
     */
    public record Received(String sender, List<String> recipients, String text, boolean tls, String account) {
        /** The message as it came. */
        public byte[] bytes() {
            return text.getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    /** Starts a server on a port that the system chooses. */
    public static ScriptedSmtpServer start() {
        try {
            ScriptedSmtpServer server = new ScriptedSmtpServer(
                    new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
            Thread.ofVirtual().name("scripted-smtp").start(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers a step with a reply, or one of the constants. */
    public ScriptedSmtpServer on(String step, String reply) {
        script.put(step, _ -> reply);
        return this;
    }

    /** Answers a step by its command line. */
    public ScriptedSmtpServer on(String step, UnaryOperator<String> reply) {
        script.put(step, reply);
        return this;
    }

    /** Greets by this reply, and closes, where more sessions are open than that. */
    public ScriptedSmtpServer mostSessions(int most, String reply) {
        crowded = reply;
        mostSessions = most;
        return this;
    }

    /** Offers these extensions, besides STARTTLS and AUTH. */
    public ScriptedSmtpServer offer(String... names) {
        extensions = List.of(names);
        return this;
    }

    /** Whether it offers PIPELINING (RFC 2920) besides; it does not unless told to. */
    public ScriptedSmtpServer pipelining(boolean offered) {
        pipelining = offered;
        return this;
    }

    /** Offers STARTTLS with this certificate. */
    public ScriptedSmtpServer startTls(TestCertificates.Server certificate) {
        tls = Optional.of(certificate.context());
        return this;
    }

    /** Speaks TLS from the first octet. */
    public ScriptedSmtpServer implicitTls(TestCertificates.Server certificate) {
        implicitTls = true;
        return startTls(certificate);
    }

    /** Speaks only these versions of TLS. */
    public ScriptedSmtpServer tlsVersions(String... versions) {
        protocols = versions;
        return this;
    }

    /** Asks every client for a certificate, and takes any. */
    public ScriptedSmtpServer wantClientCertificate() {
        wantsClientCertificate = true;
        return this;
    }

    /** The encrypted sessions, in the order of their handshakes. */
    public List<SSLSession> tlsSessions() {
        return tlsSessions;
    }

    /** Offers these realms with DIGEST-MD5, separated by spaces; the first is also the domain of NTLM. */
    public ScriptedSmtpServer realms(String names) {
        realms = names;
        return this;
    }

    /** Lets one user log in, by any of these SASL mechanisms; of XOAUTH2 and OAUTHBEARER the password is the token. */
    public ScriptedSmtpServer login(String name, String secret, String... saslMechanisms) {
        user = name;
        password = secret;
        mechanisms = String.join(" ", saslMechanisms);
        return this;
    }

    /** Lets another user log in, by PLAIN; from then on nobody sends without a login. */
    public ScriptedSmtpServer account(String name, String secret) {
        accounts.put(name, secret);
        mechanisms = "PLAIN";
        return this;
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** Every command line of every session, in the order they came. */
    public List<String> commands() {
        return commands;
    }

    public List<Received> messages() {
        return messages;
    }

    /** How many connections were made. */
    public int connections() {
        return connections.get();
    }

    /** Cuts the sessions that are open; the server goes on. */
    public void dropSessions() {
        sessions.forEach(ScriptedSmtpServer::quietly);
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            dropSessions();
        }
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket session = socket.accept();
                connections.incrementAndGet();
                sessions.add(session);
                Thread.ofVirtual().name("scripted-smtp-session").start(() -> serve(session));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            Session session = new Session(connection);
            if (implicitTls) {
                session.encrypt();
            }
            session.run();
        } catch (IOException e) {
            // The client went away, or was sent away.
        } finally {
            sessions.remove(connection);
        }
    }

    private static void quietly(Socket connection) {
        try {
            connection.close();
        } catch (IOException e) {
            // It is closed either way.
        }
    }

    /** The client gave up a login (RFC 4954 section 4). */
    private static final class CancelledException extends IOException {
        private static final long serialVersionUID = 1;
    }

    /** One client. */
    private final class Session {
        private final Socket raw;
        private Socket current;
        private InputStream in;
        private String sender = "";
        private String account = "";
        private final List<String> recipients = new ArrayList<>();

        Session(Socket raw) throws IOException {
            this.raw = raw;
            this.current = raw;
            this.in = new BufferedInputStream(raw.getInputStream());
        }

        void run() throws IOException {
            if (sessions.size() > mostSessions) {
                reply(crowded);
                throw new EOFException("too many sessions");
            }
            answer("CONNECT", "", "220 scripted.test ESMTP");
            String line;
            while ((line = readLine()) != null) {
                commands.add(line);
                handle(line);
            }
        }

        private void handle(String line) throws IOException {
            String verb = line.split(" ", 2)[0].toUpperCase(Locale.ROOT);
            switch (verb) {
                case "EHLO" -> answer(verb, line, greeting());
                case "STARTTLS" -> {
                    if (answer(verb, line, "220 2.0.0 go ahead").startsWith("220")) {
                        encrypt();
                    }
                }
                case "AUTH" -> authenticate(line);
                case "MAIL" -> {
                    if (!accounts.isEmpty() && account.isEmpty()) {
                        reply("530 5.7.0 log in first");
                        return;
                    }
                    recipients.clear();
                    sender = answer(verb, line, "250 2.1.0 ok").startsWith("2")
                            ? line.substring("MAIL FROM:".length())
                            : "";
                }
                case "RCPT" -> {
                    if (sender.isEmpty()) {
                        reply("503 5.5.1 MAIL first");
                    } else if (answer(verb, line, "250 2.1.5 ok").startsWith("2")) {
                        recipients.add(line.substring("RCPT TO:<".length(), line.indexOf('>')));
                    }
                }
                case "DATA" -> data(line);
                case "QUIT" -> {
                    answer(verb, line, "221 2.0.0 bye");
                    throw new EOFException("QUIT");
                }
                case "HELO", "RSET", "NOOP" -> answer(verb, line, "250 2.0.0 ok");
                default -> reply("500 5.5.1 unknown command");
            }
        }

        private String greeting() {
            List<String> lines = new ArrayList<>(List.of("scripted.test"));
            lines.addAll(extensions);
            if (pipelining) {
                lines.add("PIPELINING");
            }
            if (tls.isPresent() && !(current instanceof SSLSocket)) {
                lines.add("STARTTLS");
            }
            if (!mechanisms.isEmpty()) {
                lines.add("AUTH " + mechanisms);
            }
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < lines.size(); i++) {
                text.append(i == 0 ? "" : "\r\n").append(i == lines.size() - 1 ? "250 " : "250-").append(lines.get(i));
            }
            return text.toString();
        }

        private void data(String line) throws IOException {
            if (recipients.isEmpty() && !script.containsKey("DATA")) {
                reply("554 5.5.1 no valid recipients");
                return;
            }
            if (!answer("DATA", line, "354 go ahead").startsWith("354")) {
                return;
            }
            if (script.containsKey("CONTENT")) {
                in.read();
                answer("CONTENT", "", "");
                throw new EOFException("refused in the middle of the message");
            }
            byte[] content = readMessage();
            UnaryOperator<String> scripted = script.get("MESSAGE");
            String text = new String(content, StandardCharsets.ISO_8859_1);
            String told = scripted == null ? "" : scripted.apply(text);
            String answer = told.isEmpty() ? "250 2.0.0 queued as T1" : told;
            if (answer.startsWith("2")) {
                messages.add(new Received(sender, List.copyOf(recipients), text, current instanceof SSLSocket,
                        account));
            }
            reply(answer);
        }

        private void authenticate(String line) throws IOException {
            UnaryOperator<String> scripted = script.get("AUTH");
            if (scripted != null) {
                reply(scripted.apply(line));
                return;
            }
            String[] words = line.split(" ", 3);
            Optional<byte[]> initial = words.length > 2
                    ? Optional.of(Base64.getDecoder().decode(words[2]))
                    : Optional.empty();
            try {
                reply(isGood(words[1], initial) ? "235 2.7.0 welcome" : "535 5.7.8 authentication failed");
            } catch (CancelledException e) {
                reply("501 5.7.0 cancelled");
            }
        }

        private boolean isGood(String mechanism, Optional<byte[]> initial) throws IOException {
            return switch (mechanism) {
                case "PLAIN" -> plain(text(initial.isPresent() ? initial.get() : challenge("")));
                case "LOGIN" -> List.of(text(challenge("Username:")), text(challenge("Password:")))
                        .equals(List.of(user, password));
                case "XOAUTH2" -> bearer(initial, "user=" + user + "\001");
                case "OAUTHBEARER" -> bearer(initial,
                        "n,a=" + user + ",\001host=localhost\001port=" + socket.getLocalPort() + "\001");
                case "SCRAM-SHA-256" -> scram(initial);
                default -> sasl(mechanism, initial);
            };
        }

        private boolean plain(String message) {
            String[] parts = message.split("\0", -1);
            boolean good = message.equals("\0" + user + "\0" + password) && !user.isEmpty()
                    || parts.length == 3 && parts[0].isEmpty() && parts[2].equals(accounts.get(parts[1]));
            account = good ? parts[1] : "";
            return good;
        }

        private boolean bearer(Optional<byte[]> initial, String before) throws IOException {
            byte[] message = initial.isPresent() ? initial.get() : challenge("");
            if (Arrays.equals(message, bytes(before + "auth=Bearer " + password + "\001\001"))) {
                return true;
            }
            challenge("{\"status\":\"401\",\"schemes\":\"bearer\"}");
            return false;
        }

        private boolean scram(Optional<byte[]> initial) throws IOException {
            ScramServer server = new ScramServer(user, password);
            String first = text(initial.isPresent() ? initial.get() : challenge(""));
            String proof = server.verify(text(challenge(server.challenge(first))));
            if (!proof.isEmpty()) {
                challenge(proof);
            }
            return !proof.isEmpty();
        }

        private boolean sasl(String mechanism, Optional<byte[]> initial) throws IOException {
            Map<String, String> properties = Map.of("com.sun.security.sasl.digest.realm", realms,
                    "com.sun.security.sasl.ntlm.domain", realms.split(" ", 2)[0]);
            SaslServer server = Sasl.createSaslServer(mechanism, "smtp", "localhost", properties, callbacks -> {
                for (Callback callback : callbacks) {
                    switch (callback) {
                        case PasswordCallback asked -> asked.setPassword(password.toCharArray());
                        case AuthorizeCallback asked -> asked.setAuthorized(true);
                        case RealmCallback asked -> asked.setText(asked.getDefaultText());
                        case NameCallback asked -> asked.setName(asked.getDefaultName());
                        default -> throw new IOException("unexpected " + callback);
                    }
                }
            });
            if (server == null) {
                throw new IOException("no SASL server for " + mechanism);
            }
            byte[] response = initial.orElse(new byte[0]);
            try {
                while (!server.isComplete()) {
                    byte[] challenge = server.evaluateResponse(response);
                    if (!server.isComplete() || challenge != null) {
                        response = challenge(challenge);
                    }
                }
                return true;
            } catch (SaslException e) {
                return false;
            }
        }

        private byte[] challenge(String text) throws IOException {
            return challenge(bytes(text));
        }

        private byte[] challenge(byte[] challenge) throws IOException {
            reply("334 " + Base64.getEncoder().encodeToString(challenge));
            String line = readLine();
            if (line == null) {
                throw new EOFException();
            }
            if (line.equals("*")) {
                throw new CancelledException();
            }
            return Base64.getDecoder().decode(line);
        }

        private String answer(String step, String line, String usual) throws IOException {
            UnaryOperator<String> scripted = script.get(step);
            String answer = scripted == null ? usual : scripted.apply(line);
            reply(answer.isEmpty() ? usual : answer);
            return answer.isEmpty() ? usual : answer;
        }

        private void reply(String text) throws IOException {
            switch (text) {
                case HANG -> hang();
                case CLOSE -> throw new EOFException("closed as told");
                case DRIP -> drip();
                case FLOOD -> {
                    while (true) {
                        write("250-" + "flood".repeat(100) + "\r\n");
                    }
                }
                default -> write(text + "\r\n");
            }
            if (text.startsWith("421")) {
                throw new EOFException("closed after 421");
            }
        }

        private void hang() throws IOException {
            await(Long.MAX_VALUE);
            throw new EOFException("hung until the end");
        }

        private void drip() throws IOException {
            write("250-");
            do {
                write("x");
            } while (!await(20));
        }

        private boolean await(long millis) throws IOException {
            try {
                return closed.await(millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        private void write(String text) throws IOException {
            current.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            current.getOutputStream().flush();
        }

        private void encrypt() throws IOException {
            SSLSocket socket = (SSLSocket) tls.orElseThrow(() -> new EOFException("it has no certificate"))
                    .getSocketFactory()
                    .createSocket(raw, raw.getInetAddress().getHostAddress(), raw.getPort(), true);
            socket.setUseClientMode(false);
            socket.setEnabledProtocols(protocols);
            socket.setNeedClientAuth(wantsClientCertificate);
            socket.startHandshake();
            tlsSessions.add(socket.getSession());
            current = socket;
            in = new BufferedInputStream(socket.getInputStream());
        }

        private @Nullable String readLine() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int octet;
            while ((octet = in.read()) >= 0) {
                if (octet == '\n') {
                    String text = line.toString(StandardCharsets.UTF_8);
                    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
                }
                line.write(octet);
            }
            return null;
        }

        /** Reads to the line with the dot alone, octet by octet as RFC 5321 section 4.5.2 describes it. */
        private byte[] readMessage() throws IOException {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int previous = -1;
            while (true) {
                int octet = in.read();
                if (octet < 0) {
                    throw new EOFException("in the middle of the message");
                }
                line.write(octet);
                if (octet == '\n' && previous == '\r') {
                    byte[] bytes = line.toByteArray();
                    if (bytes.length == 3 && bytes[0] == '.') {
                        return content.toByteArray();
                    }
                    int start = bytes[0] == '.' ? 1 : 0;
                    content.write(bytes, start, bytes.length - start);
                    line.reset();
                }
                previous = octet;
            }
        }

        private static String text(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }
}
