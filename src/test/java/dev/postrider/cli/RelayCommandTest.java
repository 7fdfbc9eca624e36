package dev.postrider.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.postrider.route.RelayConfiguration;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import dev.postrider.operator.installation.Settings;
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
        assertThatCode(() -> Postrider.commandLine().parseArgs(container().getArgs().toArray(String[]::new)))
                .doesNotThrowAnyException();
    }

    /** What the pod is given is read back as what the settings say, but for what the relay's route says. */
    @Test
    void isGivenWhatItMustKnowAtItsStart() {
        String text = container().getEnv()
                .stream()
                .filter(variable -> variable.getName().equals("POSTRIDER_CONFIG_TEXT"))
                .map(EnvVar::getValue)
                .findFirst()
                .orElseThrow();

        RelayConfiguration read = RelayConfiguration.read(text);

        assertThat(read.hostName()).isEqualTo("postrider-relay.mail.svc");
        assertThat(read.queue().url()).isEqualTo("postgresql://db/queue");
        assertThat(read.links()).hasToString("Links[enabled=true, tls=false, organizationSize=1Gi, downloads=1, "
                + "sharedHosts=[], scanner=clamd:3310, s3=S3[endpoint=https://s3.example.com, region=eu, bucket=mail, "
                + "secretName=s3]]");
        assertThat(read.visibility()).hasToString("Visibility[metricsNames=1, otlpEndpoint=http://collector:4318, "
                + "webhooksAllow=[http]]");
        assertThat(read.delivery()).isEqualTo(RelayConfiguration.DEFAULT.delivery());
        assertThat(read.received()).isEqualTo(RelayConfiguration.DEFAULT.received());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --config-text={received: {most: 0}}              | --config-text: received.most: 0 is not a whole number from 1 to 1000
            --config-text={queue: {url: 'postgresql://db'}}  | --config-text: queue.url: "postgresql://db" is not allowed
            --config-text=received                           | --config-text: : "received" is not possible; write its settings below it
            --config=/nowhere/relay.yaml                     | --config /nowhere/relay.yaml: there is no such file
            """)
    void saysWhatIsWrongWithItsConfiguration(String argument, String message) {
        StringWriter errors = new StringWriter();

        int exit = Postrider.commandLine().setErr(new PrintWriter(errors, true)).execute("relay", argument);

        assertThat(errors.toString()).contains(message);
        assertThat(exit).isEqualTo(2);
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
