package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteSecret;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What many organizations cost, each with a MailServer and a notice of its own: counted in requests of the operator and
 * in plans. {@code -Dpostrider.organizations} is how many; bench/operator.sh has the large numbers.
 */
@Tag("scale")
@UsesApiServer
final class ManyOrganizationsIT {
    /** As many MailServers as a namespace may have. */
    private static final int MOST_OF_NAMESPACE = 100;
    private static final int ORGANIZATIONS = Integer.getInteger("postrider.organizations", 60);
    private static final List<String> CONTROLLERS = List.of("organizationmailsettings", "mailserver",
            "licenseexpirynotice");
    private static final String RESOURCES = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: own-%1$d, namespace: %2$s}
            spec:
              smtp: {host: mail-%1$d.example}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: organization-%1$d, namespace: %2$s}
            spec:
              identity: {from: {address: noreply@organization-%1$d.example, name: Organization %1$d}}
              administrators: [postmaster@organization-%1$d.example]
            """;
    private static final String NOTICES = """
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: license-%1$d, namespace: %2$s}
            spec:
              organizationRef: {name: organization-%1$d}
              license: {name: Example Console, expiryDate: "2035-01-31"}
              daysBefore: 20
            """;
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    /** Those of the organization first: finalizer, status, route and binding; of the others as much as they need. */
    private static final Map<String, Long> WRITES_OF_NEW_ONES = Map.of("PATCH organizationmailsettings",
            (long) ORGANIZATIONS, "PATCH organizationmailsettings/status", (long) ORGANIZATIONS, "POST secrets",
            3L * ORGANIZATIONS, "PATCH mailservers", (long) ORGANIZATIONS, "PATCH mailservers/status",
            (long) ORGANIZATIONS, "PATCH licenseexpirynotices/status", (long) ORGANIZATIONS, "POST events",
            (long) ORGANIZATIONS);

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void theirMakingARestartAndAChangeOfTheGlobalServerWriteOnlyWhatChanges(ApiServer api) throws Exception {
        List<String> namespaces = IntStream.rangeClosed(0, ORGANIZATIONS / MOST_OF_NAMESPACE)
                .mapToObj(_ -> api.createNamespace("tenant"))
                .toList();
        String[] others = namespaces.subList(1, namespaces.size()).toArray(String[]::new);
        try (var upstream = ScriptedSmtpServer.start();
                var operator = new RunningOperator(api, "",
                        api.createNamespace("operator"), namespaces.getFirst(), others)) {
            // As servers do: no two mails get the same reply.
            var mails = new AtomicInteger();
            upstream.on("MESSAGE", _ -> "250 2.0.0 Ok: queued as " + mails.incrementAndGet());
            operator.applyGlobalServer(upstream.port());
            operator.startRelay();
            await().atMost(PATIENCE)
                    .until(() -> isTrue(operator.serverCondition(operator.namespace(), "global", "Ready"))
                            && isTrue(operator.serverCondition(operator.namespace(), "global", "RelayAvailable")));
            operator.awaitQuiet(PATIENCE);
            operator.writes().forget();

            // A notice that comes before its organization is told of what it waits for.
            for (String kinds : List.of(RESOURCES, NOTICES)) {
                operator.apply(IntStream.rangeClosed(1, ORGANIZATIONS)
                        .mapToObj(i -> kinds.formatted(i, namespaces.get(i / MOST_OF_NAMESPACE)))
                        .collect(Collectors.joining()));
                await().atMost(PATIENCE)
                        .until(() -> isTrue(operator.organizationCondition(namespaces.getLast(),
                                "organization-" + ORGANIZATIONS, "Ready")));
                operator.awaitQuiet(PATIENCE);
            }
            assertThat(counted(operator)).as("when they were made").isEqualTo(WRITES_OF_NEW_ONES);

            operator.process().close();
            try (var restarted = new RunningOperator(api, "", operator.namespace(), operator.tenant(), others)) {
                await().atMost(PATIENCE)
                        .until(() -> CONTROLLERS.stream()
                                .allMatch(controller -> restarted.reconciliations(controller) >= ORGANIZATIONS));
                restarted.awaitQuiet(PATIENCE);
                assertThat(restarted.writes().all()).as("after a restart").isEmpty();
                assertThat(restarted.writes().secretReads()).as("read past the caches after a restart")
                        .containsOnly("postrider-operator-keys", "postrider-relay-tls", "postrider-submitter-keys");
                assertThat(CONTROLLERS).as("planned once after a restart")
                        .allSatisfy(controller -> assertThat(restarted.reconciliations(controller))
                                .isLessThan(1.5 * ORGANIZATIONS));

                restarted.kubectl("patch", "ms", "global", "-n", "$OPERATOR", "--type=merge", "-p",
                        "{\"spec\":{\"smtp\":{\"host\":\"localhost\"}}}");
                await().atMost(PATIENCE).until(() -> upstream.messages().size() == 2);
                restarted.awaitQuiet(PATIENCE);
                assertThat(restarted.writes().all()).as("after a change of the global server")
                        .containsOnly("PATCH mailservers/status global", "POST events",
                                "PATCH secrets " + RouteSecret.Kind.SERVER.secretName(new ResourceKey(
                                        restarted.namespace(), "global")));
            }
        }
    }

    private static boolean isTrue(Optional<Condition> condition) {
        return condition.filter(found -> found.status() == Condition.Status.True).isPresent();
    }

    /** How often each kind of write was made. */
    private static Map<String, Long> counted(RunningOperator operator) {
        return operator.writes()
                .all()
                .stream()
                .map(write -> write.split(" "))
                .collect(Collectors.groupingBy(words -> words[0] + " " + words[1], Collectors.counting()));
    }
}
