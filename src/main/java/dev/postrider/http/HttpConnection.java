package dev.postrider.http;

import dev.postrider.http.HttpPort.Refused;
import dev.postrider.http.HttpRequest.Head;
import dev.postrider.http.HttpResponse.Body;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequestFactory;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.ServerSupport;
import org.apache.hc.core5.http.impl.io.DefaultBHttpServerConnection;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParserFactory;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.entity.EntityTemplate;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicLineParser;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.http.protocol.HttpProcessor;
import org.apache.hc.core5.http.protocol.HttpProcessorBuilder;
import org.apache.hc.core5.http.protocol.ResponseConnControl;
import org.apache.hc.core5.http.protocol.ResponseContent;
import org.apache.hc.core5.http.protocol.ResponseDate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection and its requests. Its thread says by when the client must have sent or taken something; others close
 * the connection when that is over, since timeouts of a socket start anew with each octet.
 */
final class HttpConnection {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final int BLOCK = 64 * 1024;
    private static final Duration LINGER = Duration.ofSeconds(1);
    /** After which whoever does not take an answer is taken for one who never will, if others have no place. */
    private static final Duration STUCK = Duration.ofSeconds(2);
    private static final Http1Config CONFIG = Http1Config.custom()
            .setBufferSize(4096)
            .setMaxLineLength(HttpLimits.LINE)
            .setMaxHeaderCount(HttpLimits.FIELDS)
            .setMaxEmptyLineCount(1)
            .build();
    private static final DefaultHttpRequestParserFactory PARSERS = new DefaultHttpRequestParserFactory(CONFIG,
            BasicLineParser.INSTANCE, new HttpRequestFactory<ClassicHttpRequest>() {
                @Override
                public ClassicHttpRequest newHttpRequest(String method, String target) {
                    return new Head(method, target);
                }

                @Override
                public ClassicHttpRequest newHttpRequest(String method, URI target) {
                    return new Head(method, target.toString());
                }
            });
    private static final HttpProcessor COMPLETION = HttpProcessorBuilder.create()
            .addAll(ResponseDate.INSTANCE, new ResponseContent(true), ResponseConnControl.INSTANCE)
            .build();

    /** What it waits for. */
    private enum Phase {
        REQUEST, OWN_ANSWER, CLIENT_TO_TAKE, NOTHING
    }

    private final HttpPort port;
    private final HttpLimits limits;
    private final Socket raw;
    private Phase phase = Phase.REQUEST;
    private long since;
    private long due;
    private boolean begun;
    private int octetsLeft;

    HttpConnection(HttpPort port, Socket raw) {
        this.port = port;
        this.limits = port.limits();
        this.raw = raw;
        enter(Phase.REQUEST, limits.request());
    }

    InetAddress client() {
        return raw.getInetAddress();
    }

    void run() {
        try {
            raw.setTcpNoDelay(true);
            Socket socket = port.tls().isPresent() ? encrypted(port.tls().get()) : raw;
            var connection = new Server();
            connection.bindTo(socket);
            boolean another = true;
            while (another) {
                another = answerOne(connection);
            }
            enter(Phase.REQUEST, LINGER);
            if (port.tls().isEmpty()) {
                raw.shutdownOutput();
                // Closed with octets unread, TCP resets the connection, and the answer is lost on the way.
                raw.getInputStream().skipNBytes(HttpLimits.BODY);
            } else {
                socket.close();
            }
        } catch (IOException | HttpException e) {
            // The client is gone, or was cut off, and cannot be told.
        } finally {
            cut();
        }
    }

    private SSLSocket encrypted(Supplier<Optional<SSLContext>> tls) throws IOException {
        SSLContext context = tls.get().orElseThrow(() -> new SocketException("there is no certificate yet"));
        var secured = (SSLSocket) context.getSocketFactory()
                .createSocket(raw, raw.getInetAddress().getHostAddress(), raw.getPort(), true);
        secured.setUseClientMode(false);
        secured.startHandshake();
        return secured;
    }

    /** Whether there may be another request. */
    private boolean answerOne(Server connection) throws IOException, HttpException {
        enter(Phase.REQUEST, limits.idle());
        begun = false;
        octetsLeft = HttpLimits.HEADER;
        var context = HttpCoreContext.create();
        boolean complete = false;
        HttpResponse response;
        String method = "";
        try {
            ClassicHttpRequest head = connection.receiveRequestHeader();
            if (head == null) {
                return false;
            }
            method = head.getMethod();
            octetsLeft = HttpLimits.BODY + HttpLimits.HEADER;
            context.setRequest(head);
            HttpRequest request = HttpRequest.of((Head) head, client());
            complete = forgetBody(connection, head);
            enter(Phase.OWN_ANSWER, Duration.ZERO);
            response = complete || head.containsHeader("Expect") ? answer(request) : error(413);
        } catch (HttpException | MessageConstraintException e) {
            port.count(Refused.INVALID);
            response = error(e instanceof MessageConstraintException ? 431 : ServerSupport.toStatusCode(e));
        }
        return send(connection, context, method, response, complete);
    }

    /** Whether the body was read to its end, if there is one. One that would have to be asked for is not. */
    private boolean forgetBody(Server connection, ClassicHttpRequest head) throws IOException, HttpException {
        connection.receiveRequestEntity(head);
        HttpEntity entity = head.getEntity();
        if (entity == null || entity.getContentLength() == 0) {
            return true;
        }
        if (head.containsHeader("Expect") || entity.getContentLength() > HttpLimits.BODY) {
            return false;
        }
        InputStream body = entity.getContent();
        byte[] block = new byte[4096];
        int left = HttpLimits.BODY;
        for (int count = body.read(block); count >= 0; count = body.read(block)) {
            left -= count;
            if (left < 0) {
                return false;
            }
        }
        return true;
    }

    private HttpResponse answer(HttpRequest request) {
        try {
            return port.handler().answer(request);
        } catch (IOException | RuntimeException e) {
            LOG.error("a request could not be answered: {}", e.toString());
            return error(500);
        }
    }

    private static HttpResponse error(int status) {
        return HttpResponse.text(status, switch (status) {
            case 413 -> "The body is too large.";
            case 431 -> "The header is too large.";
            case 500 -> "This failed. Try again later.";
            case 505 -> "HTTP/1.1 is spoken here.";
            default -> "The request is not valid.";
        });
    }

    private boolean send(Server connection, HttpCoreContext context, String method, HttpResponse answer,
            boolean complete) throws IOException, HttpException {
        try (Body body = answer.body().orElse(Body.NONE)) {
            var response = new BasicClassicHttpResponse(answer.status());
            answer.headers().forEach(response::setHeader);
            if (!complete) {
                response.setHeader("Connection", "close");
            }
            if (answer.body().isPresent()) {
                response.setEntity(new EntityTemplate(body.length(),
                        Optional.ofNullable(response.getFirstHeader("Content-Type"))
                                .map(Header::getValue)
                                .map(ContentType::parseLenient)
                                .orElse(ContentType.APPLICATION_OCTET_STREAM),
                        null, body::writeTo));
            }
            COMPLETION.process(response, response.getEntity(), context);
            enter(Phase.CLIENT_TO_TAKE, limits.block());
            connection.sendResponseHeader(response);
            if (MessageSupport.canResponseHaveBody(method, response)) {
                connection.sendResponseEntity(response);
            }
            connection.flush();
            return complete && DefaultConnectionReuseStrategy.INSTANCE.keepAlive(context.getRequest(), response,
                    context);
        }
    }

    /** As httpcore's, over streams that are watched. */
    private final class Server extends DefaultBHttpServerConnection {
        Server() {
            super("http", CONFIG, null, null, null, null, PARSERS, null);
        }

        void bindTo(Socket socket) throws IOException {
            bind(new SocketHolder(socket) {
                @Override
                protected InputStream getInputStream(Socket from) throws IOException {
                    return new Incoming(from.getInputStream());
                }

                @Override
                protected OutputStream getOutputStream(Socket to) throws IOException {
                    return new Outgoing(to.getOutputStream());
                }
            });
        }
    }

    private final class Incoming extends FilterInputStream {
        Incoming(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            if (count > 0) {
                if (!begun) {
                    enter(Phase.REQUEST, limits.request());
                }
                begun = true;
                octetsLeft -= count;
                if (octetsLeft < 0) {
                    throw new MessageConstraintException("more than a request may have");
                }
            }
            return count;
        }
    }

    private final class Outgoing extends FilterOutputStream {
        Outgoing(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] octets, int offset, int length) throws IOException {
            for (int done = 0; done < length; done += BLOCK) {
                enter(Phase.CLIENT_TO_TAKE, limits.block());
                out.write(octets, offset + done, Math.min(BLOCK, length - done));
            }
        }
    }

    /** @param time after which it is cut off; zero for never */
    private synchronized void enter(Phase next, Duration time) {
        if (phase == Phase.NOTHING) {
            return;
        }
        phase = next;
        since = System.nanoTime();
        due = time.isZero() ? Long.MAX_VALUE : since + time.toNanos();
    }

    /** Whether it was cut off now since its client took too long. */
    synchronized boolean cutIfOverdue(long now) {
        if (phase == Phase.NOTHING || due == Long.MAX_VALUE || now - due < 0) {
            return false;
        }
        cut();
        return true;
    }

    /**
     * Whether it was cut off now since it waits for a request.
     *
     * @param stuck whether not taking an answer for a while is waiting, too
     */
    synchronized boolean cutIfWaiting(boolean stuck) {
        boolean waits = phase == Phase.REQUEST
                || stuck && phase == Phase.CLIENT_TO_TAKE && System.nanoTime() - since > STUCK.toNanos();
        if (waits) {
            cut();
        }
        return waits;
    }

    synchronized void cut() {
        phase = Phase.NOTHING;
        try {
            raw.close();
        } catch (IOException e) {
            // It is gone, which was the aim.
        }
    }
}
