package dev.postrider.testing;

import io.fabric8.kubernetes.client.Config;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * An API server as it is on a bad day: a reverse proxy on the loopback interface, by HTTP/1.1 with TLS of its own, that
 * is away, slow, refuses a share of the requests, or ends watches, and writes down what it was asked.
 */
public final class FaultyApiServer implements AutoCloseable {
    /** RFC 6455, section 1.3. */
    private static final String WEB_SOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static final String GONE = """
            {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
            "message":"too old resource version: 1 (2)","reason":"Expired","code":410}}""";

    private final Config behind;
    private final URI server;
    private final SSLSocketFactory toServer;
    private final SSLServerSocket socket;
    private final TestCertificates authority = new TestCertificates("API server's authority");
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    /** What each watches. */
    private final Map<Socket, String> watches = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger turns = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger mostUnderWay = new AtomicInteger();
    private final Set<String> tooOld = ConcurrentHashMap.newKeySet();
    private volatile Faults faults = Faults.NONE;
    private volatile boolean away;

    /**
     * What is wrong.
     *
     * @param each   of so many requests, watches too, one is refused; 0 for none
     * @param status with which, as 429; several take turns
     * @param slower by how much each request is answered later
     * @param ending with this, before a question mark
     */
    private record Faults(int each, List<Integer> status, Duration slower, String ending) {
        static final Faults NONE = new Faults(0, List.of(), Duration.ZERO, "");
    }

    private FaultyApiServer(Config behind) throws IOException, GeneralSecurityException {
        this.behind = behind;
        this.server = URI.create(behind.getMasterUrl());
        this.toServer = trusting(Path.of(behind.getCaCertFile())).getSocketFactory();
        this.socket = (SSLServerSocket) authority.server("localhost", "127.0.0.1")
                .context()
                .getServerSocketFactory()
                .createServerSocket(0, 500, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("faulty-api-server").start(this::accept);
    }

    /** One before a real server, with nothing wrong. */
    public static FaultyApiServer before(ApiServer api) {
        try {
            return new FaultyApiServer(Config.fromKubeconfig(api.kubeconfig().toFile()));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SSLContext trusting(Path authorities) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(authorities)) {
            int number = 0;
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca" + number++, certificate);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** How a client comes here, with all rights. */
    public Config config() {
        Config config = Config.empty();
        config.setMasterUrl("https://localhost:" + socket.getLocalPort() + "/");
        config.setCaCertData(Base64.getEncoder().encodeToString(authority.pem().getBytes(StandardCharsets.US_ASCII)));
        config.setOauthToken(behind.getOauthToken() == null ? behind.getAutoOAuthToken() : behind.getOauthToken());
        return config;
    }

    /** From now on all connections are closed as they come; those that there are, too. */
    public void goAway() {
        away = true;
        open.forEach(FaultyApiServer::close);
    }

    /** From now on one request of so many is refused, with these in turns. */
    public void refuse(int each, Integer... status) {
        faults = new Faults(each, List.of(status), Duration.ZERO, "");
    }

    /** From now on each request is answered later. */
    public void slowBy(Duration slower) {
        slowBy(slower, "");
    }

    /** From now on each request for what ends so, as {@code /secrets}, is answered later. */
    public void slowBy(Duration slower, String ending) {
        faults = new Faults(0, List.of(), slower, ending);
    }

    /** Ends all watches, and tells each that is begun anew where it stood that it is too old (410), once. */
    public void forgetOldVersions() {
        tooOld.addAll(watches.values());
        watches.keySet().forEach(FaultyApiServer::close);
    }

    /** Nothing is wrong any more. */
    public void recover() {
        away = false;
        faults = Faults.NONE;
    }

    /** Forgets what it was asked so far. */
    public void forgetRequests() {
        requests.clear();
        mostUnderWay.set(0);
    }

    /** What it was asked and passed on or refused, as {@code GET /api/v1/secrets}, without what follows a question mark. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** How many requests, without watches, it had to answer at the same time, at most. */
    public int mostUnderWay() {
        return mostUnderWay.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = socket.accept();
                if (away) {
                    close(client);
                } else {
                    open.add(client);
                    Thread.ofVirtual().name("faulty-api-server").start(() -> serve(client));
                }
            }
        } catch (IOException e) {
            // Closed.
            return;
        }
    }

    private void serve(Socket client) {
        try (client; Socket upstream = toServer.createSocket()) {
            open.add(upstream);
            upstream.connect(new InetSocketAddress(server.getHost(), server.getPort()));
            InputStream fromClient = new BufferedInputStream(client.getInputStream());
            InputStream fromServer = new BufferedInputStream(upstream.getInputStream());
            boolean goesOn = true;
            while (goesOn) {
                goesOn = exchange(client, upstream, fromClient, fromServer);
            }
        } catch (IOException e) {
            // One of both ends is gone, and so the other goes.
            return;
        } finally {
            open.remove(client);
            watches.remove(client);
        }
    }

    /** @return whether another request may follow */
    private boolean exchange(Socket client, Socket upstream, InputStream fromClient, InputStream fromServer)
            throws IOException {
        String head = head(fromClient);
        byte[] body = body(head, fromClient);
        String[] line = head.split(" ", 3);
        String asked = line[0] + " " + line[1].replaceFirst("\\?.*", "");
        boolean watch = header(head, "upgrade").equals("websocket");
        requests.add((watch ? "WATCH" : line[0]) + asked.substring(line[0].length()));
        if (watch && isTooOld(line[1])) {
            endWatch(head, client.getOutputStream());
            return false;
        }
        if (!watch) {
            mostUnderWay.accumulateAndGet(underWay.incrementAndGet(), Math::max);
        }
        try {
            Faults wrong = faults;
            if (!wrong.slower.isZero() && !watch && asked.endsWith(wrong.ending)) {
                LockSupport.parkNanos(wrong.slower.toNanos());
            }
            int turn = wrong.each == 0 ? 1 : turns.incrementAndGet();
            if (wrong.each != 0 && turn % wrong.each == 0) {
                refuse(wrong.status.get(turn / wrong.each % wrong.status.size()), client.getOutputStream());
                return true;
            }
            upstream.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            upstream.getOutputStream().write(body);
            String answer = head(fromServer);
            client.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            if (answer.startsWith("HTTP/1.1 101 ")) {
                watches.put(client, withoutVersion(line[1]));
                Thread.ofVirtual().start(() -> pass(fromClient, upstream));
                pass(fromServer, client);
                return false;
            }
            client.getOutputStream().write(body(answer, fromServer));
            return true;
        } finally {
            if (!watch) {
                underWay.decrementAndGet();
            }
        }
    }

    /** Whether it is a watch that was under way when old versions were forgotten, and begins anew where it stood. */
    private boolean isTooOld(String target) {
        return tooOld.remove(withoutVersion(target));
    }

    private static String withoutVersion(String target) {
        return target.replaceFirst("resourceVersion=[0-9]+", "");
    }

    private static void refuse(int status, OutputStream client) throws IOException {
        String body = """
                {"kind":"Status","apiVersion":"v1","status":"Failure","message":"a bad day","code":%d}""".formatted(
                status);
        client.write("HTTP/1.1 %d Bad Day\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                .formatted(status, status == 429 ? "Retry-After: 1\r\n" : "", body.length(), body)
                .getBytes(StandardCharsets.ISO_8859_1));
    }

    /** As the API server does it: the watch is accepted, says that it cannot be, and is closed. */
    private static void endWatch(String head, OutputStream client) throws IOException {
        byte[] text = GONE.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.writeBytes(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + accept(header(head, "sec-websocket-key")) + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        // RFC 6455, section 5.2: a text of 126 to 65,535 octets, and the end (1000).
        answer.writeBytes(new byte[]{(byte) 0x81, 126, (byte) (text.length >> 8), (byte) text.length});
        answer.writeBytes(text);
        answer.writeBytes(new byte[]{(byte) 0x88, 2, 3, (byte) 0xE8});
        client.write(answer.toByteArray());
        client.flush();
    }

    private static String accept(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1")
                            .digest((key + WEB_SOCKET).getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pass(InputStream from, Socket to) {
        try {
            from.transferTo(to.getOutputStream());
        } catch (IOException e) {
            // Said to the other end by closing.
        } finally {
            close(to);
        }
    }

    /** Up to the empty line, which is included. */
    private static String head(InputStream from) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            head.append((char) octet(from));
        }
        return head.toString();
    }

    private static int octet(InputStream from) throws IOException {
        int octet = from.read();
        if (octet < 0) {
            throw new EOFException();
        }
        return octet;
    }

    /** In the form in which it came, chunks and all. */
    private static byte[] body(String head, InputStream from) throws IOException {
        String length = header(head, "content-length");
        if (!length.isEmpty()) {
            return from.readNBytes(Integer.parseInt(length));
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (header(head, "transfer-encoding").equals("chunked")) {
            int size;
            do {
                String line = line(from);
                size = Integer.parseInt(line.strip(), 16);
                body.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
                body.writeBytes(from.readNBytes(size));
                body.writeBytes(line(from).getBytes(StandardCharsets.ISO_8859_1));
            } while (size > 0);
        }
        return body.toByteArray();
    }

    private static String line(InputStream from) throws IOException {
        StringBuilder line = new StringBuilder();
        do {
            line.append((char) octet(from));
        } while (line.charAt(line.length() - 1) != '\n');
        return line.toString();
    }

    private static String header(String head, String name) {
        return Stream.of(head.split("\r\n"))
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        open.forEach(FaultyApiServer::close);
    }
}
