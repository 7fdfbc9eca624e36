package dev.postrider.operator.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.operator.installation.Settings;
import dev.postrider.testing.GoldenFiles;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("relay")
final class RelayWorkloadTest {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    private static ConfigMap settings(String yaml) {
        return new ConfigMapBuilder().withNewMetadata()
                .withNamespace("mail")
                .withName("settings")
                .withUid("1")
                .endMetadata()
                .addToData(Settings.KEY, yaml)
                .build();
    }

    private static List<HasMetadata> objects(String yaml) {
        ConfigMap settings = settings(yaml);
        return new RelayWorkload("mail", Settings.of(settings), "image", settings, GraphEndpoints.MICROSOFT)
                .objects();
    }

    /** Names and the settings of the installation; the files hold the objects that are made of them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            file-on-a-volume       | {}
            database-three-relays  | {replicas: 3, queue: {url: 'postgresql://db/queue', secretName: db}}
            scaled-by-others       | {replicas: 3, autoscaled: true, queue: {url: 'postgresql://db/queue', secretName: db}}
            links-on-the-volume    | {links: {enabled: true, tls: false, organizationSize: 5Gi, downloads: 7, scanner: 'clamd:3310'}}
            links-in-a-bucket      | {links: {enabled: true, s3: {endpoint: 'https://s3.example.com', region: eu-west-1, bucket: mail, secretName: keys}}}
            links-switched-off     | {links: {enabled: false, s3: {endpoint: 'https://s3.example.com', bucket: mail, secretName: keys}}}
            seen-from-outside      | {hostName: relay.example.com, bindingHost: mail.example.com, allowPlaintextAuthentication: true, serviceType: LoadBalancer, visibility: {metricsNames: 5, otlpEndpoint: 'http://collector:4318', webhooksAllow: [http]}}
            where-pods-run         | {image: 'registry/relay:1', imagePullPolicy: Always, imagePullSecrets: [{name: registry}], storage: {size: 5Gi, className: fast}, resources: {limits: {memory: 1Gi}}, labels: {team: mail}, scheduling: {nodeSelector: {disk: fast}, tolerations: [{key: dedicated, operator: Exists}], priorityClassName: high}}
            """)
    void isAsTheSettingsSay(String name, String relay) {
        GoldenFiles.check(Path.of("src/test/resources/relay-workload", name + ".yaml"),
                "# relay: " + relay + "\n" + yaml(relay), getClass());
    }

    @Test
    void staysTheSameWhereASettingTakesEffectAtOnce() {
        assertThat(yaml("{received: {most: 7}, delivery: {retryAfter: [1m, 2h]}, queue: {limits: {messages: 100}}}"))
                .isEqualTo(yaml("{}"));
    }

    /** With keys in the order of the alphabet, for maps have any. */
    private static String yaml(String relay) {
        return objects("relay: " + relay).stream().map(object -> {
            try {
                return YAML.writeValueAsString(YAML.readValue(Serialization.asYaml(object), Object.class));
            } catch (JsonProcessingException e) {
                throw new AssertionError(e);
            }
        }).collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            relay: {replicas: 2}                            | relay.replicas: 2 is not possible
            relay: {autoscaled: true}                       | relay.autoscaled: true is not possible
            relay: {queue: {url: 'postgresql://db/queue'}}  | relay.queue.secretName is missing
            relay: {queue: {url: 'postgresql://a,,b/queue', secretName: db}} | relay.queue.url: "postgresql://a,,b/queue" is not allowed
            relay: {delivery: {giveUpAfter: 5 days}}        | relay.delivery.giveUpAfter: "5 days" is no duration; write a whole number
            relay: {links: {enabled: true, s3: {endpoint: 'https://s3.example.com'}}} | relay.links.s3.secretName is missing
            relay: {links: {enabled: true}, queue: {url: 'postgresql://db/q', secretName: db}} | relay.links.s3 is missing
            relay: {delivery: {retryAfter: [1m, soon]}, received: {most: 0}} | relay.received.most: 0 is not a whole number from 1 to 1000
            relay: {received: {most: 0}, delivery: {retryAfter: [1m, soon]}} | relay.delivery.retryAfter: "soon" is no duration
            """)
    void refusesWhatCannotWork(String yaml, String message) {
        assertThatThrownBy(() -> Settings.of(settings(yaml))).hasMessageContaining(message);
    }
}
