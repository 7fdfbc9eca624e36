package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.plan.Binding;
import dev.postrider.route.RouteSecret;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the caches keep of Secrets. */
@Tag("scale")
final class PackedEntriesTest {
    static Stream<Map<String, String>> anyEntries() {
        return Stream.of(Map.of(), Map.of("empty", ""), Map.of("short", Secrets.base64("x")),
                Map.of("password", Secrets.base64("s3cret"), "username", Secrets.base64("relay")),
                Map.of("not-base64", "äöü ".repeat(100)), Map.of("not-canonical", "QR=="),
                Map.of("random", Secrets.base64(password(1).repeat(10)), "zeros", Secrets.base64("\0".repeat(1 << 20))),
                Map.of(RouteSecret.DATA_KEY, Secrets.base64("{\"state\": \"open\"}".repeat(50))),
                binding(1), binding(2));
    }

    @ParameterizedTest
    @MethodSource("anyEntries")
    void entriesAreAsTheyWere(Map<String, String> entries) {
        PackedEntries packed = PackedEntries.of(entries);

        assertThat(packed).isEqualTo(entries).hasSameHashCodeAs(entries).hasSameSizeAs(entries);
        assertThat(new TreeMap<>(packed)).isEqualTo(new TreeMap<>(entries));
        assertThat(entries).isEqualTo(packed);
        entries.forEach((key, value) -> assertThat(packed).containsEntry(key, value));
        assertThat(PackedEntries.of(entries)).isEqualTo(packed);
    }

    @Test
    void differentEntriesAreNotEqual() {
        Map<String, String> other = new HashMap<>(binding(3));
        other.put(Binding.PASSWORD, Secrets.base64("another"));

        assertThat(PackedEntries.of(binding(3))).isNotEqualTo(other).isNotEqualTo(PackedEntries.of(other));
    }

    /** 40 octets are the password alone; the rest is the same in all bindings of an installation. */
    @Test
    void aBindingAmongManyTakesLittleMoreThanItsPassword() {
        PackedEntries.of(binding(4));

        assertThat(PackedEntries.of(binding(5)).octets()).isLessThan(250);
    }

    @Test
    void toStringNamesTheKeysAndNoValue() {
        assertThat(PackedEntries.of(Map.of("password", Secrets.base64("s3cret"))))
                .hasToString("PackedEntries[password]");
    }

    @Test
    void aSecretThatTheClientReadsIsPackedAndWrittenAsItWas() {
        try (var client = OperatorClient.builder(Config.empty(), new Leadership(() -> {})).build()) {
            var serialization = client.getKubernetesSerialization();
            String json = """
                    {"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{"acme.example/team":"mail",\
                    "kubectl.kubernetes.io/last-applied-configuration":"{\\"data\\": {\\"password\\": \\"czNjcmV0\\"}}"},\
                    "labels":{"postrider.dev/credentials":"true"},"name":"smarthost","namespace":"acme"},\
                    "data":{"password":"czNjcmV0"}}""";

            Secret read = serialization.unmarshal(json, Secret.class);

            assertThat(read.getData()).isInstanceOf(PackedEntries.class)
                    .containsExactly(Map.entry("password", "czNjcmV0"));
            assertThat(read.getMetadata().getAnnotations()).containsExactly(Map.entry("acme.example/team", "mail"));
            assertThat(serialization.unmarshal(serialization.asJson(read), Secret.class)).isEqualTo(read);
            assertThat(read.toBuilder().addToData("username", "cmVsYXk=").build().getData())
                    .containsOnlyKeys("password", "username");
        }
    }

    private static Map<String, String> binding(int organization) {
        String password = password(organization);
        String authority = password(0).repeat(20);
        return Map.of("host", Secrets.base64("postrider.postrider.svc"), "port", Secrets.base64("587"), "username",
                Secrets.base64("tenant." + organization), Binding.PASSWORD, Secrets.base64(password), "ca.crt",
                Secrets.base64(authority), Binding.URI,
                Secrets.base64("smtp://tenant." + organization + ":" + password + "@postrider.postrider.svc:587"));
    }

    /** Which cannot be compressed. */
    private static String password(int seed) {
        return new Random(seed).ints(40, '0', 'z')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint,
                        StringBuilder::append)
                .toString();
    }
}
