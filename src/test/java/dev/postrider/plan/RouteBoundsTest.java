package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.route.RouteJson;
import dev.postrider.testing.TestCertificates;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a tenant can make the operator write for one resource fits into a Secret, and so into a value of etcd. */
@Tag("isolation")
final class RouteBoundsTest {
    /** Of the values of a Secret together; etcd takes 1.5 MiB for all of an object. */
    private static final int MOST_OF_SECRET = 1 << 20;
    private static final TestCertificates CA = new TestCertificates("Test CA");
    private static final TestCertificates.Server CLIENT = CA.server("client");

    private static final String BY_TOKEN = "oauth2: {user: u, tokenEndpoint: \"https://login.example.com/\","
            + " certificateSecretRef: {name: client}, tls: {clientCertificateSecretRef: {name: client}}}";
    private static final String BY_PASSWORD = "password: {secretRef: {name: login}}";

    private static String text(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    /** With what takes the most octets in JSON in front of it. */
    private static String padded(String value, int length) {
        return "\u0001".repeat(Math.max(0, length - value.length() - 1)) + "\n" + value;
    }

    private static MailServerPlan plan(int value, int certificate, String authentication) {
        String text = text("\u0001".repeat(value));
        GoldenWorld world = new GoldenWorld(
                """
                        kind: Secret
                        metadata: {name: login, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                        stringData: {username: %s, password: %s}
                        ---
                        kind: Secret
                        metadata: {name: client, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                        stringData: {tls.crt: %s, tls.key: %s, client-id: %s}
                        ---
                        kind: MailServer
                        metadata: {name: own, namespace: acme, generation: 1}
                        spec:
                          smtp:
                            host: smtp.example.com
                            tls: {clientCertificateSecretRef: {name: client}}
                            proxy: {type: SOCKS5, host: proxy.example.com, port: 1080, secretRef: {name: login}}
                            authentication: {%s}
                        """.formatted(text, text, text(padded(CLIENT.certificate(), certificate)),
                        text(padded(CLIENT.privateKey(), certificate)), text, authentication));
        return MailServerPlan.of(world.servers.values().iterator().next(), world, TestNews.none());
    }

    @ParameterizedTest
    @CsvSource({"4096, 16384, ''", "4097, 16384, SecretValueTooLarge", "4096, 16385, SecretValueTooLarge",
            "100000, 2000, SecretValueTooLarge"})
    void aValueOfASecretHasABound(int value, int certificate, String reason) {
        MailServerPlan plan = plan(value, certificate, BY_PASSWORD);
        assertThat(Objects.requireNonNull(plan.status().conditions())
                .stream()
                .filter(c -> c.type().equals("SecretsValid"))
                .findFirst())
                .hasValueSatisfying(condition -> {
                    if (reason.isEmpty()) {
                        assertThat(condition.message()).doesNotContain("characters");
                    } else {
                        assertThat(condition.reason()).isEqualTo(reason);
                        assertThat(condition.message()).contains("characters, and at most");
                    }
                });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {BY_PASSWORD, BY_TOKEN})
    void theLargestRouteOfAServerFitsIntoASecret(String authentication) {
        MailServerPlan plan = plan(Credentials.LONGEST_VALUE, Credentials.LONGEST_TEXT, authentication);
        assertThat(plan.route()).hasValueSatisfying(route -> assertThat(octets(RouteJson.write(route)))
                .isBetween(200_000, MOST_OF_SECRET));
    }

    private static int octets(String json) {
        return json.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * What a spec has at most, in characters as JSON, without the grants of global servers. Four keys for DKIM and a webhook's certificate come on top of an
     * organization's, each character of six octets at most.
     */
    @Test
    void specsHaveTheBoundsThatTheDocumentationTells() throws Exception {
        assertThat(mostOfSpec("mailservers")).isLessThan(32_000);
        int organization = mostOfSpec("organizationmailsettings");
        assertThat(organization).isLessThan(300_000);
        assertThat(organization + 6 * (6 * Credentials.LONGEST_TEXT + Credentials.LONGEST_VALUE))
                .isLessThan(MOST_OF_SECRET);
    }

    private static final String SPEC = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

    private static int mostOfSpec(String kind) throws Exception {
        JsonNode crd = Serialization.unmarshal(Files.readString(Path.of("crds/" + kind + ".postrider.dev.yaml")),
                JsonNode.class);
        if (crd.at(SPEC + "/properties") instanceof ObjectNode fields) {
            fields.remove("senders");
        }
        List<String> unbounded = new ArrayList<>();
        int most = most("spec", crd.at(SPEC), unbounded);
        // Durations are held to hours by rules of their own.
        assertThat(unbounded).allMatch(field -> field.matches(".*([tT]imeout|delay|rememberFor)"));
        return most;
    }

    private static int most(String at, JsonNode schema, List<String> unbounded) {
        return switch (schema.path("type").asText()) {
            case "object" -> {
                int most = 2;
                for (Map.Entry<String, JsonNode> field : schema.path("properties").properties()) {
                    most += field.getKey().length() + 4 + most(at + "." + field.getKey(), field.getValue(), unbounded);
                }
                JsonNode values = schema.path("additionalProperties");
                yield values.isObject()
                        ? most + bound(at, schema, "maxProperties", unbounded) * (256 + most(at, values, unbounded))
                        : most;
            }
            case "array" -> 2 + bound(at, schema, "maxItems", unbounded)
                    * (1 + most(at + "[]", schema.path("items"), unbounded));
            case "string" -> schema.has("enum") ? 40 : 2 + bound(at, schema, "maxLength", unbounded);
            default -> 20;
        };
    }

    private static int bound(String at, JsonNode schema, String name, List<String> unbounded) {
        if (!schema.has(name)) {
            unbounded.add(at);
        }
        return schema.path(name).asInt();
    }
}
