package dev.postrider.operator.installation;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postrider.route.DailyCounts;
import dev.postrider.route.LostReports;
import dev.postrider.route.MailRest;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRest;
import dev.postrider.route.UsageJson;
import dev.postrider.route.UsedLimit;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the relay's admin port how many messages it holds of an organization, and what it counted of them. */
public final class RelayQueue {
    private static final Logger LOG = LoggerFactory.getLogger(RelayQueue.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    private static final Duration USAGE_TIMEOUT = Duration.ofSeconds(30);

    /** That the relay tells of at once; it knows no more than a few more. */
    private static final int MOST_DAYS = 400;

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final ObjectMapper json = new ObjectMapper();
    private final Supplier<String> address;
    private final String token;

    /**
     * A way to ask.
     *
     * @param address where the admin port is now, as {@code http://host:port}
     * @param token   that the relay knows the digest of
     */
    public RelayQueue(Supplier<String> address, String token) {
        this.address = address;
        this.token = token;
    }

    /**
     * What was counted of an organization's mail.
     *
     * @param from the first day
     * @param to   the day after the last
     * @throws IOException if the relay does not say
     */
    public List<DailyCounts> usage(ResourceKey organization, LocalDate from, LocalDate to) throws IOException {
        LocalDate first = from.isBefore(to.minusDays(MOST_DAYS)) ? to.minusDays(MOST_DAYS) : from;
        try {
            HttpResponse<String> response = ask(
                    "/api/v1/usage?organization=" + organization + "&from=" + first + "&to=" + to, USAGE_TIMEOUT);
            if (response.statusCode() != 200) {
                throw new IOException("the relay answered " + response.statusCode()
                        + " when asked for what it counted; it is asked again");
            }
            return UsageJson.read(json.readTree(response.body())).days();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the relay was asked for what it counted", e);
        }
    }

    /**
     * Limits of organizations that are used up, or nearly so.
     *
     * @throws IOException if the relay does not say
     */
    Map<ResourceKey, UsedLimit> usedLimits() throws IOException {
        return told("/limits", "used limits", body -> UsedLimit.read(json.readTree(body)));
    }

    /**
     * How many; empty when the relay does not answer, or knows another organization of that name.
     *
     * @param uid of the organization
     */
    OptionalLong queued(ResourceKey organization, String uid) {
        try {
            HttpResponse<String> response = ask(
                    "/queue/" + organization.namespace() + "/" + organization.name() + "?uid=" + uid, TIMEOUT);
            if (response.statusCode() == 200) {
                return OptionalLong.of(json.readTree(response.body()).path("queued").asLong());
            }
            LOG.warn("the relay answered {} when asked for the queue of {}", response.statusCode(), organization);
        } catch (IOException e) {
            LOG.warn("the relay cannot be asked for the queue of {}: {}", organization, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return OptionalLong.empty();
    }

    /**
     * The servers that take no mail now, as one of the relays has it.
     *
     * @throws IOException if the relay does not say
     */
    List<ServerRest> rests() throws IOException {
        return told("/rests", "servers that rest", body -> List.of(RouteJson.read(body, ServerRest[].class)));
    }

    /**
     * The organizations whose own mail rests, as one of the relays has it.
     *
     * @throws IOException if the relay does not say
     */
    List<MailRest> mailRests() throws IOException {
        return told("/mail-rests", "mail that rests", body -> List.of(RouteJson.read(body, MailRest[].class)));
    }

    /**
     * The reports that reached nobody, by organization.
     *
     * @throws IOException if the relay does not say
     */
    Map<ResourceKey, LostReports> lostReports() throws IOException {
        return told("/lost-reports", "lost reports", body -> LostReports.read(json.readTree(body))
                .stream()
                .collect(Collectors.toMap(LostReports::organization, Function.identity(), (first, _) -> first)));
    }

    /** Reads an answer of the relay. */
    @FunctionalInterface
    private interface Reader<T> {
        T read(String body) throws IOException;
    }

    private <T> T told(String path, String what, Reader<T> reader) throws IOException {
        try {
            HttpResponse<String> response = ask(path, TIMEOUT);
            if (response.statusCode() != 200) {
                throw new IOException("the relay answered " + response.statusCode() + " when asked for " + what);
            }
            return reader.read(response.body());
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("the relay's answer about " + what + " cannot be read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the relay was asked for " + what, e);
        }
    }

    private HttpResponse<String> ask(String path, Duration timeout) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(address.get() + path))
                .timeout(timeout)
                .header("Authorization", "Bearer " + token)
                .build(), HttpResponse.BodyHandlers.ofString());
    }
}
