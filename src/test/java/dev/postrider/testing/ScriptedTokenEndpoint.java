package dev.postrider.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A token endpoint on the loopback interface that answers as a test tells it to; without a script t1, t2, and so on. */
public final class ScriptedTokenEndpoint implements AutoCloseable {
    private final HttpServer http;
    private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Answer answer = new Answer(200, "");
    private volatile boolean held;
    private volatile boolean dripping;

    private ScriptedTokenEndpoint(HttpServer http) {
        this.http = http;
    }

    private record Answer(int status, String body) {}

    /** Starts one on a port that the system chooses. */
    public static ScriptedTokenEndpoint start() {
        try {
            HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            ScriptedTokenEndpoint endpoint = new ScriptedTokenEndpoint(http);
            http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            http.createContext("/token", endpoint::serve);
            http.start();
            return endpoint;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it is asked for at; http, since it is this machine alone. */
    public String url() {
        return "http://localhost:" + http.getAddress().getPort() + "/token";
    }

    /** The fields of the forms that came, decoded. */
    public List<Map<String, String>> requests() {
        return requests;
    }

    /** Answers so from now on; an empty body is that of a token, and {@code %FORM%} in it the form as it came. */
    public void answer(int status, String body) {
        answer = new Answer(status, body);
    }

    /** Answers nothing until {@link #release}. */
    public void hold() {
        held = true;
    }

    /** Answers what it held back. */
    public void release() {
        released.countDown();
    }

    /** Answers an octet at a time, without end. */
    public void drip() {
        dripping = true;
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(fields(form));
            if (held) {
                released.await();
            }
            exchange.getResponseHeaders().add("Location", "https://elsewhere.example/token");
            if (dripping) {
                exchange.sendResponseHeaders(200, 0);
                drip(exchange.getResponseBody());
            }
            byte[] body = (answer.body().isEmpty()
                    ? "{\"access_token\":\"t" + requests.size() + "\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
                    : answer.body().replace("%FORM%", form)).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void drip(OutputStream out) throws IOException, InterruptedException {
        do {
            out.write(' ');
            out.flush();
        } while (!closed.await(50, TimeUnit.MILLISECONDS));
    }

    private static Map<String, String> fields(String form) {
        Function<String, String> decoded = text -> URLDecoder.decode(text, StandardCharsets.UTF_8);
        return Stream.of(form.split("&"))
                .map(field -> field.split("=", 2))
                .collect(Collectors.toMap(field -> decoded.apply(field[0]), field -> decoded.apply(field[1])));
    }

    @Override
    public void close() {
        closed.countDown();
        released.countDown();
        http.stop(0);
    }
}
