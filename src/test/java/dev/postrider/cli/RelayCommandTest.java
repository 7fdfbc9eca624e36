package dev.postrider.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.operator.Settings;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

@Tag("promises")
final class RelayCommandTest {
    private static final Pattern VARIABLE = Pattern.compile("env:([A-Z_0-9]+)");

    /** The relay as the operator starts it, with all that may be set. */
    private static Container container() {
        ConfigMap settings = new ConfigMapBuilder().withNewMetadata()
                .withNamespace("mail")
                .withName("settings")
                .withUid("1")
                .endMetadata()
                .addToData(Settings.KEY, """
                        relay:
                          received: {most: 9, mostOwn: 2, clientAddress: false}
                          queue:
                            url: postgresql://db/queue
                            secretName: db
                            limits: {messages: 1, size: 1Gi}
                            organizationLimits: {messages: 1, size: 1Gi}
                          links: {enabled: true, tls: false, organizationSize: 1Gi, downloads: 1, scanner: "clamd:3310",
                            s3: {endpoint: "https://s3.example.com", region: eu, bucket: mail, secretName: s3}}
                          delivery: {retryAfter: [1m], retryJitter: 1, delayNoticeAfter: 1h, giveUpAfter: 2h,
                            idleConnection: 1s, messagesPerConnection: 1, serverRest: 1s, longestServerRest: 1s,
                            returnedMessage: 1Ki}
                          visibility: {metricsNames: 1, otlpEndpoint: "http://collector:4318", webhooksAllow: [http]}
                        """)
                .build();
        URI graph = URI.create("http://localhost");
        return new RelayWorkload("mail", Settings.of(settings), "image", settings,
                new GraphEndpoints(Optional.of(graph), Optional.of(graph))).objects()
                .stream()
                .filter(Deployment.class::isInstance)
                .map(object -> ((Deployment) object).getSpec().getTemplate().getSpec().getContainers().getFirst())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void understandsEachArgumentThatTheOperatorGivesIt() {
        RelayCommand relay = (RelayCommand) Postrider.commandLine()
                .parseArgs(container().getArgs().toArray(String[]::new))
                .subcommand()
                .commandSpec()
                .userObject();

        assertThat(relay.mostReceived).isEqualTo(9);
        assertThat(relay.mostOwnReceived).isEqualTo(2);
        assertThat(relay.receivedClientAddress).isFalse();
    }

    @Test
    void readsEachVariableThatTheOperatorGivesIt() {
        CommandLine relay = requireNonNull(Postrider.commandLine().getSubcommands().get("relay"));
        Set<String> read = relay.getCommandSpec()
                .options()
                .stream()
                .map(option -> String.valueOf(option.defaultValueString(false)))
                .flatMap(value -> VARIABLE.matcher(value).results().map((MatchResult found) -> found.group(1)))
                .collect(Collectors.toSet());
        read.add("JAVA_TOOL_OPTIONS");

        assertThat(read).containsAll(container().getEnv().stream().map(EnvVar::getName).toList());
    }
}
