package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What an organization's identity may hold, at its limits and beyond; by schema and plan as the API server has them. */
@Tag("organizations")
final class IdentityLimitsTest {
    private static final String FROM = "from: {address: a@acme.example}";

    @TempDir
    Path directory;

    /** With a local part of 64 octets at most (RFC 5321 section 4.5.3.1.1), which the plan checks too. */
    private static String address(int length) {
        String domain = "." + "d".repeat(60) + ".example";
        int left = length - 2 - domain.length();
        return "a@" + "e".repeat(left) + domain;
    }

    private static String senders(int count) {
        return IntStream.range(0, count).mapToObj(i -> "a" + i + "@acme.example").collect(Collectors.joining(", "));
    }

    static Stream<Arguments> identities() {
        Stream<Arguments> rows = Stream.of(
                row("from: {address: " + address(320) + "}"),
                row("from: {address: " + address(321) + "}", "spec.identity.from.address", "320"),
                row(FROM + ", replyTo: {address: " + address(320) + "}"),
                row(FROM + ", replyTo: {address: " + address(321) + "}", "spec.identity.replyTo.address", "320"),
                row(FROM + ", envelopeFrom: " + address(320)),
                row(FROM + ", envelopeFrom: " + address(321), "spec.identity.envelopeFrom", "320"),
                row("from: {address: " + "a".repeat(65) + "@acme.example}", "spec.identity.from.address", "64 octets"),
                row("from: {address: \"a b@acme.example\"}", "spec.identity.from.address", "must "),
                row(FROM + ", replyTo: {address: \"a@acme .example\"}", "spec.identity.replyTo.address",
                        "must "),
                row(FROM + ", envelopeFrom: \" a@acme.example\"", "spec.identity.envelopeFrom", "must "),
                row("from: {address: a@acme.example, name: " + "n".repeat(256) + "}"),
                row("from: {address: a@acme.example, name: " + "n".repeat(257) + "}", "spec.identity.from.name", "256"),
                row("from: {address: j\u00f6rg@b\u00fccher.example, name: \"\u05d0\u05d1\u05d2 \u0627\u0644\u0639\"}"),
                row(FROM + ", allowedSenders: [" + senders(500) + "]"),
                row(FROM + ", allowedSenders: [" + senders(501) + "]", "spec.identity.allowedSenders", "500"),
                row(FROM + ", allowedSenders: [" + senders(10_000) + "]", "spec.identity.allowedSenders", "500"));
        Stream<Arguments> hidden = IntStream
                .of(0, '\r', '\n', 0x1b, 0x7f, 0x85, 0x9b, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b,
                        0x202c,
                        0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069)
                .mapToObj(c -> "\\u%04X".formatted(c))
                .flatMap(c -> Stream.of(
                        row("from: {address: a@acme.example, name: \"A" + c + "Bcc: x@evil.example\"}",
                                "spec.identity.from.name", "must "),
                        row(FROM + ", replyTo: {address: a@acme.example, name: \"" + c + "\"}",
                                "spec.identity.replyTo.name", "must "),
                        row("from: {address: \"a" + c + "@acme.example\"}", "spec.identity.from.address",
                                "must "),
                        row(FROM + ", envelopeFrom: \"a@acme" + c + ".example\"", "spec.identity.envelopeFrom",
                                "must "),
                        row(FROM + ", allowedSenders: [\"@acme" + c + ".example\"]",
                                "spec.identity.allowedSenders[0]", "must ")));
        return Stream.concat(rows, hidden);
    }

    private static Arguments row(String identity, String... fieldAndRule) {
        return Arguments.of(identity, List.of(fieldAndRule));
    }

    @ParameterizedTest(name = "{index}: {1}")
    @MethodSource("identities")
    void whatIsBeyondALimitIsRefusedWithFieldAndRule(String identity, List<String> fieldAndRule) throws IOException {
        Path file = Files.writeString(directory.resolve("m.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme}
                spec:
                  identity: {%s}
                """.formatted(identity));
        List<Finding> errors = new Check(Set.of(Check.SYSTEM_NAMESPACE)).check(List.of(file))
                .findings()
                .stream()
                .filter(finding -> finding.severity() == Finding.Severity.ERROR)
                .toList();
        if (fieldAndRule.isEmpty()) {
            assertThat(errors).isEmpty();
        } else {
            assertThat(errors).anySatisfy(error -> {
                assertThat(error.field()).isEqualTo(fieldAndRule.get(0));
                assertThat(error.message()).contains(fieldAndRule.get(1));
            });
        }
    }
}
