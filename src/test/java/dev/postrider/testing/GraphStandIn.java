package dev.postrider.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A stand-in of Microsoft Graph's mail and of its token endpoint, as Microsoft documents them ("user: sendMail", "Attach
 * large files to Outlook messages", "Obtain immutable identifiers", "Microsoft Graph error responses"), with one
 * mailbox, and faults on order.
 */
public final class GraphStandIn implements AutoCloseable {
    public static final String TENANT = "contoso.com";
    public static final String MAILBOX = "shop@contoso.com";
    public static final String CLIENT_ID = "11111111-2222-3333-4444-555555555555";
    public static final String CLIENT_SECRET = "the-client-secret";

    private static final int MOST_IN_ONE_REQUEST = 4 * 1024 * 1024;
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern RANGE = Pattern.compile("bytes ([0-9]+)-([0-9]+)/([0-9]+)");

    /** A file of a message. */
    @SuppressWarnings("ArrayRecordComponent") // compared octet by octet, where at all
    public record Attached(String name, String contentType, boolean inline, Optional<String> contentId,
            byte[] octets) {}

    /**
     * What Exchange Online sent.
     *
     * @param recipients in lower case
     * @param mime       as all of them see it: without Bcc
     */
    public record Sent(Set<String> recipients, String mime, List<Attached> attachments) {}

    /** A request to Graph: {@code POST /sendMail}. */
    public record Request(String what, String clientRequestId, Optional<String> authorization) {}

    /**
     * An answer in place of the usual one.
     *
     * @param path    of the requests that get it ends so
     * @param happens whether what was asked for happens all the same
     * @param body    in which {@code %AUTHORIZATION%} stands for that header of the request
     */
    public record Fault(String path, boolean happens, int status, Map<String, String> headers, String body) {
        public Fault(String path, int status, String code) {
            this(path, false, status, Map.of(), error(code, "told by the stand-in"));
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Draft(byte[] mime, List<Attached> attachments) {}

    private record Invalid(AtomicInteger times, boolean named) {}

    private record Upload(String draft, JsonNode item, ByteArrayOutputStream octets) {}

    private final HttpServer server;
    private final AtomicInteger numbers = new AtomicInteger();
    private final Set<String> tokens = ConcurrentHashMap.newKeySet();
    private final Map<String, Draft> drafts = new ConcurrentHashMap<>();
    private final Map<String, Upload> uploads = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> sentItems = new ConcurrentHashMap<>();
    private final Map<String, Invalid> invalid = new ConcurrentHashMap<>();
    private final Deque<Fault> faults = new ConcurrentLinkedDeque<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile @Nullable X509Certificate registered;
    private final List<Sent> sent = new CopyOnWriteArrayList<>();

    public GraphStandIn() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    /** Both Graph and the token endpoint. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Orders a fault for the next request that it fits. */
    public void fail(Fault fault) {
        faults.add(fault);
    }

    /**
     * Refuses messages for one recipient, as Graph does, which takes all or none.
     *
     * @param times how often; then it is taken
     * @param named whether the answer names it
     */
    public void refuseRecipient(String address, int times, boolean named) {
        invalid.put(address, new Invalid(new AtomicInteger(times), named));
    }

    /** No token that was given out so far is good any more. */
    public void revokeTokens() {
        tokens.clear();
    }

    /** The application's certificate. */
    public void register(X509Certificate certificate) {
        registered = certificate;
    }

    public List<Sent> sent() {
        return sent;
    }

    /** All requests, those for tokens as {@code token}. */
    public List<String> requests() {
        return requests.stream().map(Request::what).toList();
    }

    public List<Request> requestsInFull() {
        return requests;
    }

    /** How many messages are among the drafts. */
    public int drafts() {
        return drafts.size();
    }

    /** How many copies are among the sent items. */
    public int sentItems() {
        return sentItems.size();
    }

    public static String error(String code, String message) {
        return JSON.createObjectNode()
                .set("error", JSON.createObjectNode().put("code", code).put("message", message))
                .toString();
    }

    private record Answer(int status, String body) {}

    private static Answer failed(int status, String code) {
        return new Answer(status, error(code, "told by the stand-in"));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            Answer answer;
            try {
                if (path.endsWith("/oauth2/v2.0/token")) {
                    requests.add(new Request("token", "", Optional.empty()));
                    answer = faultOf("/token"::equals).map(fault -> new Answer(fault.status, fault.body))
                            .orElseGet(() -> token(path, new String(body, StandardCharsets.UTF_8)));
                } else if (path.startsWith("/upload/")) {
                    answer = upload(exchange, path, body);
                } else {
                    answer = graph(exchange, path, body);
                }
            } catch (IllegalArgumentException e) {
                answer = failed(400, "ErrorMimeContentInvalid");
            }
            exchange.getResponseHeaders()
                    .set("request-id", "00000000-0000-0000-0000-" + "%012d".formatted(
                            numbers.incrementAndGet()));
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            byte[] out = answer.body
                    .replace("%AUTHORIZATION%",
                            String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status, out.length == 0 ? -1 : out.length);
            exchange.getResponseBody().write(out);
        }
    }

    private Answer token(String path, String form) {
        Map<String, String> fields = Arrays.stream(form.split("&", -1))
                .map(field -> field.split("=", 2))
                .collect(Collectors.toMap(f -> f[0], f -> URLDecoder.decode(f[1], StandardCharsets.UTF_8)));
        boolean good = path.equals("/" + TENANT + "/oauth2/v2.0/token")
                && "client_credentials".equals(fields.get("grant_type"))
                && CLIENT_ID.equals(fields.get("client_id"))
                && (uri() + "/.default").equals(fields.get("scope"))
                && (CLIENT_SECRET.equals(fields.get("client_secret"))
                        || isSigned(fields.get("client_assertion"), uri() + path));
        if (!good) {
            return new Answer(401, "{\"error\":\"invalid_client\",\"error_description\":"
                    + "\"AADSTS7000215: Invalid client secret provided.\"}");
        }
        String token = "token-" + numbers.incrementAndGet();
        tokens.add(token);
        return new Answer(200,
                "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"" + token + "\"}");
    }

    /** RFC 7523 section 3, as "Microsoft identity platform application authentication certificate credentials" has it. */
    private boolean isSigned(@Nullable String assertion, String audience) {
        X509Certificate certificate = registered;
        if (assertion == null || certificate == null) {
            return false;
        }
        try {
            SignedJWT token = SignedJWT.parse(assertion);
            var verifier = new DefaultJWSVerifierFactory().createJWSVerifier(token.getHeader(),
                    certificate.getPublicKey());
            var claims = token.getJWTClaimsSet();
            return token.verify(verifier) && CLIENT_ID.equals(claims.getIssuer())
                    && CLIENT_ID.equals(claims.getSubject()) && claims.getAudience().contains(audience)
                    && claims.getExpirationTime().toInstant().isAfter(Instant.now());
        } catch (ParseException | JOSEException e) {
            return false;
        }
    }

    private Answer graph(HttpExchange exchange, String path, byte[] body) throws IOException {
        Optional<String> authorization = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"));
        String user = "/v1.0/users/";
        if (!path.startsWith(user)) {
            return failed(400, "BadRequest");
        }
        int end = path.indexOf('/', user.length());
        String mailbox = URLDecoder.decode(path.substring(user.length(), end), StandardCharsets.UTF_8);
        String below = path.substring(end);
        requests.add(new Request(exchange.getRequestMethod() + " " + below,
                String.valueOf(exchange.getRequestHeaders().getFirst("client-request-id")), authorization));
        if (authorization.filter(a -> tokens.contains(a.replace("Bearer ", ""))).isEmpty()) {
            return failed(401, "InvalidAuthenticationToken");
        }
        if (!mailbox.equals(MAILBOX)) {
            return failed(404, "ErrorInvalidUser");
        }
        Optional<Fault> fault = faultOf(below::endsWith);
        if (fault.isPresent()) {
            if (fault.get().happens) {
                act(exchange, below, body);
            }
            fault.get().headers.forEach(exchange.getResponseHeaders()::set);
            return new Answer(fault.get().status, fault.get().body);
        }
        return act(exchange, below, body);
    }

    private Optional<Fault> faultOf(Predicate<String> fits) {
        Optional<Fault> first = faults.stream().filter(fault -> fits.test(fault.path)).findFirst();
        first.ifPresent(faults::remove);
        return first;
    }

    private Draft draft(String id) {
        return Objects.requireNonNull(drafts.get(id));
    }

    private Answer act(HttpExchange exchange, String path, byte[] body) throws IOException {
        if (body.length > MOST_IN_ONE_REQUEST) {
            return failed(413, "ErrorRequestTooLarge");
        }
        String[] steps = path.substring(1).split("/", -1);
        String what = exchange.getRequestMethod() + " " + steps[0] + (steps.length > 2 ? " " + steps[2] : "")
                + (steps.length > 3 ? " " + steps[3] : "");
        String id = steps.length > 1 ? steps[1] : "";
        return switch (what) {
            case "POST sendMail" -> mime(exchange, body)
                    .map(mime -> send("sent-" + numbers.incrementAndGet(), new Draft(mime, List.of())))
                    .orElseGet(() -> failed(400, "ErrorMimeContentInvalidBase64String"));
            case "POST messages" -> mime(exchange, body).map(mime -> {
                String draft = "AAkALg" + numbers.incrementAndGet();
                drafts.put(draft, new Draft(mime, new CopyOnWriteArrayList<>()));
                return new Answer(201, "{\"id\":\"" + draft + "\",\"isDraft\":true}");
            }).orElseGet(() -> failed(400, "ErrorMimeContentInvalidBase64String"));
            case "GET messages" -> drafts.containsKey(id)
                    ? new Answer(200, "{\"id\":\"" + id + "\",\"isDraft\":true}")
                    : sentItems.containsKey(id)
                            ? new Answer(200, "{\"id\":\"" + id + "\",\"isDraft\":false}")
                            : failed(404, "ErrorItemNotFound");
            case "DELETE messages" ->
                drafts.remove(id) != null ? new Answer(204, "") : failed(404, "ErrorItemNotFound");
            case "POST messages attachments" -> attach(id, JSON.readTree(body));
            case "POST messages attachments createUploadSession" -> session(id, JSON.readTree(body));
            case "POST messages send" -> Optional.ofNullable(drafts.remove(id))
                    .map(draft -> send(id, draft))
                    .orElseGet(() -> failed(404, "ErrorItemNotFound"));
            default -> path.startsWith("/mailFolders/sentitems/messages/")
                    ? sentItem(steps[3])
                    : failed(400, "BadRequest");
        };
    }

    private Answer attach(String draft, JsonNode file) throws IOException {
        byte[] octets = file.path("contentBytes").binaryValue();
        if (octets.length >= 3 * 1024 * 1024
                || !file.path("@odata.type").asText().equals("#microsoft.graph.fileAttachment")) {
            return failed(413, "ErrorAttachmentSizeLimitExceeded");
        }
        draft(draft).attachments.add(attached(file, octets));
        return new Answer(201, "{\"id\":\"attachment\"}");
    }

    private Answer session(String draft, JsonNode wanted) {
        String session = "s" + numbers.incrementAndGet();
        uploads.put(session, new Upload(draft, wanted.path("AttachmentItem"), new ByteArrayOutputStream()));
        return new Answer(201, JSON.createObjectNode()
                .put("uploadUrl", uri() + "/upload/" + session + "?authtoken=upload-secret")
                .put("expirationDateTime", "2099-01-01T00:00:00Z")
                .set("nextExpectedRanges", JSON.createArrayNode().add("0-"))
                .toString());
    }

    /** A copy comes among the sent items a moment after the message was sent: with the second question for it. */
    private Answer sentItem(String id) {
        AtomicInteger asked = sentItems.get(id);
        if (asked == null || asked.incrementAndGet() < 2) {
            return failed(404, "ErrorItemNotFound");
        }
        sentItems.remove(id);
        return new Answer(204, "");
    }

    private static Optional<byte[]> mime(HttpExchange exchange, byte[] body) {
        try {
            return "text/plain".equals(exchange.getRequestHeaders().getFirst("Content-Type"))
                    ? Optional.of(Base64.getDecoder().decode(body))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Answer upload(HttpExchange exchange, String path, byte[] body) {
        Upload upload = uploads.get(path.substring("/upload/".length()));
        String range = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Range"));
        requests.add(new Request("PUT upload " + range, "",
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))));
        Matcher matcher = RANGE.matcher(range);
        if (upload == null || !matcher.matches()
                || !"authtoken=upload-secret".equals(exchange.getRequestURI().getRawQuery())) {
            return failed(400, "ErrorInvalidRequest");
        }
        long total = upload.item.path("size").asLong();
        boolean inOrder = Long.parseLong(matcher.group(1)) == upload.octets.size()
                && Long.parseLong(matcher.group(2)) == upload.octets.size() + body.length - 1
                && Long.parseLong(matcher.group(3)) == total;
        if (!inOrder || body.length >= MOST_IN_ONE_REQUEST) {
            return failed(416, "ErrorInvalidRange");
        }
        Optional<Fault> fault = faultOf("upload"::equals);
        if (fault.isPresent()) {
            return new Answer(fault.get().status, fault.get().body);
        }
        upload.octets.writeBytes(body);
        if (upload.octets.size() < total) {
            return new Answer(200, "{\"nextExpectedRanges\":[\"" + upload.octets.size() + "\"]}");
        }
        draft(upload.draft).attachments.add(attached(upload.item, upload.octets.toByteArray()));
        return new Answer(201, "");
    }

    private static Attached attached(JsonNode file, byte[] octets) {
        return new Attached(file.path("name").asText(), file.path("contentType").asText(),
                file.path("isInline").asBoolean(),
                Optional.of(file.path("contentId").asText()).filter(id -> !id.isEmpty()), octets);
    }

    private Answer send(String id, Draft draft) {
        try {
            return sendOrThrow(id, draft);
        } catch (MessagingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private Answer sendOrThrow(String id, Draft draft) throws MessagingException {
        ByteArrayInputStream in = new ByteArrayInputStream(draft.mime);
        InternetHeaders header = new InternetHeaders(in, true);
        Set<String> recipients = new TreeSet<>();
        for (String field : List.of("To", "Cc", "Bcc")) {
            String value = header.getHeader(field, ",");
            if (value != null) {
                for (InternetAddress address : InternetAddress.parseHeader(value, false)) {
                    List<InternetAddress> all = address.isGroup()
                            ? List.of(address.getGroup(false))
                            : List.of(address);
                    all.forEach(a -> recipients.add(a.getAddress().toLowerCase(Locale.ROOT)));
                }
            }
        }
        for (String recipient : recipients) {
            Invalid refused = invalid.get(recipient);
            if (refused != null && refused.times.getAndDecrement() > 0) {
                return new Answer(400, error("ErrorInvalidRecipients", refused.named
                        ? "At least one recipient is not valid., Recipient '" + recipient
                                + "' is not resolved. All recipients must be resolved before a message can be submitted."
                        : "At least one recipient is not valid., A message can't be sent because it contains no "
                                + "recipients."));
            }
        }
        header.removeHeader("Bcc");
        StringBuilder mime = new StringBuilder();
        Collections.list(header.getAllHeaderLines()).forEach(line -> mime.append(line).append("\r\n"));
        mime.append("\r\n").append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        sent.add(new Sent(recipients, mime.toString(), new ArrayList<>(draft.attachments)));
        sentItems.put(id, new AtomicInteger());
        return new Answer(202, "");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
