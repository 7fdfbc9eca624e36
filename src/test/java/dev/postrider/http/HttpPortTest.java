package dev.postrider.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients may send, and what they cannot hold on to. */
@Tag("isolation")
final class HttpPortTest {
    private static final HttpLimits LIMITS = new HttpLimits(6, 4, Duration.ofSeconds(20), Duration.ofMillis(400),
            Duration.ofMillis(400));
    private static final int LARGE = 50_000_000;

    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final List<Socket> clients = new ArrayList<>();
    private HttpPort port;

    @BeforeEach
    void open() throws IOException {
        port = HttpPort.open("test", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.empty(),
                LIMITS, meters, HttpPortTest::answer);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket client : clients) {
            client.close();
        }
        port.close();
    }

    private static HttpResponse answer(HttpRequest request) throws IOException {
        return switch (request.path()) {
            case "/fails" -> throw new IllegalStateException("a secret");
            case "/large" -> new HttpResponse(200, Map.of(), Optional.of(new Zeros()));
            default -> HttpResponse.text(200, request.method() + " " + request.authority() + " " + request.path() + " "
                    + request.query().orElse("-"));
        };
    }

    private record Zeros() implements HttpResponse.Body {
        @Override
        public long length() {
            return LARGE;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            out.write(new byte[LARGE]);
        }
    }

    private Socket connect(String from) throws IOException {
        var socket = new Socket();
        clients.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port()));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String say(String text) throws IOException {
        try (Socket socket = connect("127.0.0.1")) {
            send(socket, text);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private double refused(String reason) {
        return meters.get("postrider.http.refused").tag("port", "test").tag("reason", reason).counter().count();
    }

    private static boolean isCut(Socket socket) {
        try {
            while (socket.getInputStream().read(new byte[65_536]) >= 0) {
                // What was sent before it was cut.
            }
            return true;
        } catch (IOException e) {
            return true;
        }
    }

    /** RFC 9112 sections 3.2, 3.2.2, 5.1, 6.1 and 6.3. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a path                       | GET /a%20b?c=d HTTP/1.1;Host: h                              | 200 | GET h /a%20b c=d
            the host has no case         | GET / HTTP/1.1;Host: LINKS.example:8443                      | 200 | GET links.example:8443 / -
            the host of the target wins  | GET http://other:81/x?y HTTP/1.1;Host: h                     | 200 | GET other:81 /x y
            a target without a path      | GET http://other HTTP/1.1;Host: h                            | 200 | GET other / -
            two slashes are a path       | GET //evil.example/x HTTP/1.1;Host: h                        | 200 | GET h //evil.example/x -
            a proxy is not believed      | GET / HTTP/1.1;Host: h;X-Forwarded-Host: v;Forwarded: host=v | 200 | GET h / -
            HTTP/1.0                     | GET / HTTP/1.0                                               | 200 | GET  / -
            an empty body                | POST / HTTP/1.1;Host: h;Content-Length: 0                    | 200 | POST h / -
            no host                      | GET / HTTP/1.1                                               | 400 | The request is not valid.
            two hosts                    | GET / HTTP/1.1;Host: h;Host: v                               | 400 | The request is not valid.
            the same host twice          | GET / HTTP/1.1;Host: h;Host: h                               | 400 | The request is not valid.
            a host with a login          | GET / HTTP/1.1;Host: a@v                                     | 400 | The request is not valid.
            a host with a path           | GET / HTTP/1.1;Host: h/v                                     | 400 | The request is not valid.
            a target without a host      | GET http:///x HTTP/1.1;Host: h                               | 400 | The request is not valid.
            no path                      | OPTIONS * HTTP/1.1;Host: h                                   | 400 | The request is not valid.
            the length said twice        | POST / HTTP/1.1;Host: h;Content-Length: 1;Content-Length: 2  | 400 | The request is not valid.
            ... or in two ways           | POST / HTTP/1.1;Host: h;Content-Length: 5;Transfer-Encoding: chunked | 400 | The request is not valid.
            a space before the colon     | GET / HTTP/1.1;Host : h                                      | 400 | The request is not valid.
            what is no request           | hello                                                        | 400 | The request is not valid.
            a body that is too large     | POST / HTTP/1.1;Host: h;Content-Length: 65537                | 413 | The body is too large.
            another version              | GET / HTTP/2.0;Host: h                                       | 505 | HTTP/1.1 is spoken here.
            a failure                    | GET /fails HTTP/1.1;Host: h                                  | 500 | This failed. Try again later.
            """)
    void readsWhatIsClearAndRefusesTheRest(String what, String request, int status, String body) throws IOException {
        String answer = say(request.replace(";", "\r\n") + "\r\n\r\n");
        assertThat(answer).as(what).startsWith("HTTP/1.1 " + status + " ").endsWith("\r\n\r\n" + body + "\n");
        assertThat(answer).doesNotContain("Server:", "Exception", "secret");
    }

    @ParameterizedTest
    @CsvSource({"8100, 1, 200", "8200, 1, 431", "8000, 3, 431", "10, 98, 200", "10, 101, 431"})
    void headersHaveABound(int length, int fields, int status) throws IOException {
        assertThat(say("GET / HTTP/1.1\r\nHost: h\r\n" + ("X: " + "x".repeat(length) + "\r\n").repeat(fields) + "\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void answersOneRequestAfterAnotherOverAConnection() throws IOException {
        String answers = say("""
                GET /1 HTTP/1.1
                Host: h

                POST /2 HTTP/1.1
                Host: h
                Content-Length: 3

                GETHEAD /3 HTTP/1.1
                Host: h

                GET /4 HTTP/1.1
                Host: h
                Connection: close

                GET /5 HTTP/1.1
                Host: h

                """.replace("\n", "\r\n"));
        assertThat(answers.lines().filter(line -> !line.contains(":"))).containsExactly("HTTP/1.1 200 OK", "",
                "GET h /1 -", "HTTP/1.1 200 OK", "", "POST h /2 -", "HTTP/1.1 200 OK", "", "HTTP/1.1 200 OK", "",
                "GET h /4 -");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a header that comes octet by octet | GET / HTTP/1.1;Host: h;X:
            a body that never ends             | POST / HTTP/1.1;Host: h;Content-Length: 60000;;
            chunks that never end              | POST / HTTP/1.1;Host: h;Transfer-Encoding: chunked;;ffff;
            """)
    void cutsOffWhoSendsSlowlyHoweverSteadily(String what, String begin) throws Exception {
        Socket slow = connect("127.0.0.1");
        send(slow, begin.strip().replace(";", "\r\n"));
        long began = System.nanoTime();
        await().pollInterval(Duration.ofMillis(50)).until(() -> {
            try {
                send(slow, "x");
                return false;
            } catch (IOException e) {
                return true;
            }
        });
        assertThat(Duration.ofNanos(System.nanoTime() - began)).as(what)
                .isBetween(LIMITS.request(),
                        Duration.ofSeconds(10));
        assertThat(refused("slow")).isEqualTo(1);
    }

    @Test
    void cutsOffWhoReadsNothing() throws Exception {
        Socket slow = connect("127.0.0.1");
        send(slow, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
        await().untilAsserted(() -> assertThat(refused("slow")).isEqualTo(1));
        assertThat(isCut(slow)).isTrue();
    }

    @Test
    void anAddressThatHasAllItsPlacesGivesUpItsOwn() throws Exception {
        Socket other = connect("127.0.0.1");
        List<Socket> idle = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            idle.add(connect("127.0.0.2"));
        }
        await().untilAsserted(() -> assertThat(refused("displaced")).isEqualTo(16));
        for (Socket first : idle.subList(0, 16)) {
            assertThat(isCut(first)).isTrue();
        }
        for (Socket client : Stream.concat(Stream.of(other), idle.subList(16, 20).stream())
                .collect(Collectors.toList())) {
            send(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(client.getInputStream().read()).isEqualTo('H');
        }
    }

    @Test
    void whoHasTheMostGivesUpOneWhereThePortHasNoMorePlaces() throws Exception {
        Socket other = connect("127.0.0.1");
        for (String from : List.of("127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.3")) {
            connect(from);
        }
        assertThat(say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")).startsWith("HTTP/1.1 200 ");
        assertThat(refused("displaced")).isEqualTo(1);
        assertThat(isCut(clients.get(3))).isTrue();
        send(other, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
        assertThat(other.getInputStream().read()).isEqualTo('H');
    }
}
