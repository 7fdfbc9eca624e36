package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

// @formatter:off The components are laid out by hand: what each is for, then what it takes.

/**
 * How the relay works: what the chart has of it below {@code relay}, under the same names. The chart's schema, its
 * defaults and the tables of the documentation are written from this record; the operator reads it out of its settings and
 * hands it on as it is. What is not given is as {@link #DEFAULT} has it. An empty text stands for nothing.
 *
 * <p>
 * Durations are as {@link Durations} reads them, sizes as {@link Sizes} does.
 */
public record RelayConfiguration(
        @AtStart
        @JsonPropertyDescription("What the relay, and test mails, call themselves towards other mail servers (EHLO, "
                + "Received). Empty: the name of the relay's Service.")
        @Pattern("(|[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]+\\])") String hostName,
        @AtStart
        @JsonPropertyDescription("Whether applications may log in without TLS. Their passwords then cross the network "
                + "readable.")
        boolean allowPlaintextAuthentication,
        @JsonPropertyDescription("The queue: mail that is accepted and not yet delivered.")
        Queue queue,
        @JsonPropertyDescription("Downloads of attachments, for organizations whose mail gets links in their place "
                + "(whenTooLarge: Link). They have port 8443 of the relay's Service; docs/relay.md shows an Ingress for it.")
        Links links,
        @JsonPropertyDescription("Each relay that passes a message on adds a Received field to it (RFC 5321 section 4.4).")
        Received received,
        @JsonPropertyDescription("How mail is delivered, tried again and given up; docs/relay.md describes it.")
        Delivery delivery,
        @AtStart
        @JsonPropertyDescription("How the relay is seen from outside.")
        Visibility visibility) {

    /**
     * The queue.
     *
     * @see Limits
     */
    public record Queue(
            @AtStart
            @JsonPropertyDescription("A PostgreSQL that all relays share, as postgresql://host:5432/postrider, without a "
                    + "login; several hosts, at most ten, with commas between them, of which the primary is used. IPv6 "
                    + "addresses stand in brackets, as [fd00::1]:5432. TLS is used and the server's name checked, unless "
                    + "it ends with ?sslmode=disable. Empty: a file on a volume.")
            @Pattern("(postgresql://[^@ ,/]+(,[^@ ,/]+){0,9}/[^@ /?#]+([?][^@ ]*)?)?") String url,
            @AtStart
            @JsonPropertyDescription("The Secret with the login: username, password, and ca.crt for a CA of its own. "
                    + "Needed with url.")
            @Pattern("([a-z0-9.-]{1,253})?") String secretName,
            @JsonPropertyDescription("How much may be queued; more is refused with 452 until there is room. It is never "
                    + "more than the volume has room for. Namespaces share it: docs/relay.md describes how.")
            Limits limits,
            @JsonPropertyDescription("The same for each organization, and never more than its namespace's share.")
            Limits organizationLimits) {}

    /** How much may be queued. */
    public record Limits(
            @JsonPropertyDescription("Messages at most.")
            @Min(1) @Max(1_000_000_000) long messages,
            @JsonPropertyDescription("Their size at most.")
            @Pattern(Sizes.FORM) String size) {}

    /** How attachments are served for download. */
    public record Links(
            @AtStart
            @JsonPropertyDescription("Whether they are served at all.")
            boolean enabled,
            @AtStart
            @JsonPropertyDescription("Whether that port speaks TLS, with the relay's own certificate. Without it something "
                    + "in front of it must.")
            boolean tls,
            @AtStart
            @JsonPropertyDescription("Size of the attachments that an organization may have kept; mail with more waits.")
            @Pattern(Sizes.FORM) String organizationSize,
            @AtStart
            @JsonPropertyDescription("Downloads at a time; more are answered with 503.")
            @Min(1) @Max(100_000) int downloads,
            @JsonPropertyDescription("Names of hosts at which organizations of all namespaces may have links, as "
                    + "[links.example.com]. Any other host is that of the namespace whose organization has links there "
                    + "first.")
            List<@Pattern("[A-Za-z0-9.-]{1,253}") String> sharedHosts,
            @AtStart
            @JsonPropertyDescription("A clamd that looks at attachments before there are links to them, as "
                    + "clamd.mail.svc:3310 or unix:/path. Empty: none.")
            @Pattern("([A-Za-z0-9._-]+:[0-9]{1,5}|\\[[0-9A-Fa-f:]+\\]:[0-9]{1,5}|unix:/.+)?") String scanner,
            @AtStart
            @JsonPropertyDescription("Where attachments are kept: a server that speaks the API of Amazon S3. Needed with "
                    + "queue.url. Empty: the relay's volume, which must have room for them.")
            S3 s3) {

        public Links {
            sharedHosts = sharedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        }

        /** Where attachments are kept, if that is not on the relay's volume. */
        public Optional<S3> bucket() {
            return Optional.of(s3).filter(some -> !some.endpoint().isEmpty());
        }
    }

    /** A bucket. */
    public record S3(
            @JsonPropertyDescription("URL of the server.")
            @Pattern("(https?://[^@?# ]+)?") String endpoint,
            @JsonPropertyDescription("The region that requests are signed for.")
            @Pattern("[a-z0-9-]+") String region,
            @JsonPropertyDescription("The bucket, which must be there.")
            @Pattern("([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?") String bucket,
            @JsonPropertyDescription("The Secret with access-key-id, secret-access-key, and ca.crt for a CA of its own.")
            @Pattern("([a-z0-9.-]{1,253})?") String secretName) {}

    /** What the relay makes of Received fields (RFC 5321 sections 4.4 and 6.3). */
    public record Received(
            @JsonPropertyDescription("A message that has more goes round in a loop and is refused.")
            @Min(1) @Max(1000) int most,
            @JsonPropertyDescription("One that has more by this relay itself likewise.")
            @Min(0) @Max(1000) int mostOwn,
            @JsonPropertyDescription("Whether the field names the address of the application. Switch it off to keep "
                    + "addresses of the cluster inside.")
            boolean clientAddress) {}

    /** How mail is delivered. */
    public record Delivery(
            @JsonPropertyDescription("How long to wait after the first failed attempt, the second and so on; the last holds "
                    + "for all that follow.")
            List<@Pattern(Durations.FORM) String> retryAfter,
            @JsonPropertyDescription("By which part such a wait is made longer or shorter at random, in percent.")
            @Min(0) @Max(100) int retryJitter,
            @JsonPropertyDescription("When a sender is told that a mail is not delivered yet.")
            @Pattern(Durations.FORM) String delayNoticeAfter,
            @JsonPropertyDescription("When mail that still fails is given up, and reported as failed.")
            @Pattern(Durations.FORM) String giveUpAfter,
            @JsonPropertyDescription("How long a connection to a server is kept without mail.")
            @Pattern(Durations.FORM) String idleConnection,
            @JsonPropertyDescription("How many messages go over a connection to a server at most.")
            @Min(1) @Max(1_000_000) int messagesPerConnection,
            @JsonPropertyDescription("After how many failures in a row a server gets no mail for a while.")
            @Min(1) @Max(1000) int serverFailures,
            @JsonPropertyDescription("How long that is at first.")
            @Pattern(Durations.FORM) String serverRest,
            @JsonPropertyDescription("To which that grows, doubled each time that the server fails again.")
            @Pattern(Durations.FORM) String longestServerRest,
            @JsonPropertyDescription("Up to which size a report of failure returns the whole message to a sender who asked "
                    + "for that (RET=FULL).")
            @Pattern(Sizes.FORM) String returnedMessage) {

        public Delivery {
            retryAfter = List.copyOf(retryAfter);
        }
    }

    /** How the relay is seen from outside. */
    public record Visibility(
            @JsonPropertyDescription("How many organizations, and how many servers, metrics name: the most active. The "
                    + "others share the name other.")
            @Min(1) @Max(10_000) int metricsNames,
            @JsonPropertyDescription("Where traces are sent by OTLP over HTTP, as http://collector:4318. Empty: nowhere.")
            @Pattern("(https?://.+)?") String otlpEndpoint,
            @JsonPropertyDescription("What organizations' webhooks may be besides https URLs of other machines: http, "
                    + "local (loopback and link-local addresses).")
            List<@Pattern("http|local") String> webhooksAllow) {

        public Visibility {
            webhooksAllow = List.copyOf(webhooksAllow);
        }
    }

    // @formatter:on

    private static final YAMLMapper YAML = new YAMLMapper();

    /**
     * What holds where nothing is said. Retries: 1, 5, 15, 30, 60 minutes, then hourly, for five days (RFC 5321 section
     * 4.5.4.1); a notice after four hours.
     */
    public static final RelayConfiguration DEFAULT = new RelayConfiguration("", false,
            new Queue("", "", new Limits(2_000_000, "50Gi"), new Limits(500_000, "10Gi")),
            new Links(false, true, "10Gi", 100, List.of(), "", new S3("", "us-east-1", "", "")),
            new Received(50, 5, true),
            new Delivery(List.of("1m", "5m", "15m", "30m", "60m"), 20, "4h", "120h", "30s", 100, 3, "30s", "10m",
                    "1Mi"),
            new Visibility(100, "", List.of()));

    /**
     * Reads what people wrote.
     *
     * @param given the part that is not the default
     * @param where that part is, as {@code relay.}, before the names in messages
     * @throws IllegalArgumentException with all that is wrong, each with its place, what is there and what is allowed
     */
    public static RelayConfiguration read(JsonNode given, String where) {
        RelayConfiguration read = ConfigurationTree.read(given, where);
        return read.without(Stream.concat(read.contradictions(where), read.missingSecrets(where)));
    }

    /**
     * Reads what people wrote for a relay that they start themselves, in YAML: without names of Secrets, if they like.
     *
     * @throws IllegalArgumentException as {@link #read(JsonNode, String)}, and if it is not YAML
     */
    public static RelayConfiguration read(String yaml) {
        try {
            JsonNode given = YAML.readTree(yaml);
            RelayConfiguration read = ConfigurationTree.read(given == null ? YAML.missingNode() : given, "");
            return read.without(read.contradictions(""));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not YAML: " + e.getOriginalMessage(), e);
        }
    }

    private RelayConfiguration without(Stream<String> problems) {
        List<String> all = problems.toList();
        if (!all.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", all));
        }
        return this;
    }

    /** What cannot be together, though each of it is allowed. */
    private Stream<String> contradictions(String where) {
        List<String> problems = new ArrayList<>();
        if (links.enabled && !queue.url.isEmpty() && links.bucket().isEmpty()) {
            problems.add(where + "links.s3 is missing: with " + where + "queue.url the relays share no volume, so "
                    + "attachments must be kept in S3");
        }
        if (links.enabled && links.bucket().filter(s3 -> s3.bucket.isEmpty()).isPresent()) {
            problems.add(where + "links.s3.bucket is missing: the bucket for attachments");
        }
        if (Durations.read(delivery.longestServerRest).compareTo(Durations.read(delivery.serverRest)) < 0) {
            problems.add(
                    "%sdelivery.longestServerRest: %s is shorter than serverRest, which is %s; write the same or more"
                            .formatted(where, delivery.longestServerRest, delivery.serverRest));
        }
        return problems.stream();
    }

    /** Secrets that pods of a cluster need; whoever starts a relay himself gives it directories. */
    private Stream<String> missingSecrets(String where) {
        List<String> problems = new ArrayList<>();
        if (!queue.url.isEmpty() && queue.secretName.isEmpty()) {
            problems.add(where + "queue.secretName is missing: the name of the Secret with username and password for "
                    + where + "queue.url");
        }
        if (links.enabled && links.bucket().filter(s3 -> s3.secretName.isEmpty()).isPresent()) {
            problems.add(where + "links.s3.secretName is missing: the name of the Secret with access-key-id and "
                    + "secret-access-key");
        }
        return problems.stream();
    }

    /** This with another name for greetings. */
    public RelayConfiguration withHostName(String name) {
        return ConfigurationTree.with(this, "hostName", name);
    }

    /**
     * What must be known when the relay starts, and is not the default: a change of it takes effect with another start.
     * The rest takes effect as soon as the relay's route says it.
     */
    public JsonNode atStart() {
        return ConfigurationTree.atStart(this);
    }
}
