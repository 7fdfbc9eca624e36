package dev.postrider.operator.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.operator.Settings;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("relay")
final class RelayWorkloadTest {

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

    private static Deployment deployment(List<HasMetadata> objects) {
        return objects.stream()
                .filter(Deployment.class::isInstance)
                .map(Deployment.class::cast)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void givesAFileAVolumeAndOneRelayAtATime() {
        var objects = objects("relay: {queue: {limits: {messages: 100, size: 1Gi}}}");
        assertThat(objects).extracting(HasMetadata::getKind)
                .contains("PersistentVolumeClaim")
                .doesNotContain("PodDisruptionBudget");
        var spec = deployment(objects).getSpec();
        assertThat(spec.getStrategy().getType()).isEqualTo("Recreate");
        assertThat(spec.getTemplate().getSpec().getContainers().getFirst().getEnv())
                .extracting(variable -> variable.getName() + "=" + variable.getValue())
                .containsExactly("JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=70", "POSTRIDER_QUEUE_MESSAGES=100",
                        "POSTRIDER_QUEUE_SIZE=1Gi");
    }

    @Test
    void tellsTheRelayHowToDeliver() {
        var objects = objects("relay: {delivery: {retryAfter: [1m, 2h], retryJitter: 0, delayNoticeAfter: 1h,"
                + " giveUpAfter: 48h, idleConnection: 5s, messagesPerConnection: 20, serverRest: 1m,"
                + " longestServerRest: 1h, returnedMessage: 10Ki}}");
        assertThat(deployment(objects).getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv())
                .extracting(variable -> variable.getName() + "=" + variable.getValue())
                .contains("POSTRIDER_RETRY_AFTER=1m,2h", "POSTRIDER_RETRY_JITTER=0", "POSTRIDER_DELAY_NOTICE_AFTER=1h",
                        "POSTRIDER_GIVE_UP_AFTER=48h", "POSTRIDER_IDLE_CONNECTION=5s",
                        "POSTRIDER_MESSAGES_PER_CONNECTION=20", "POSTRIDER_SERVER_REST=1m",
                        "POSTRIDER_LONGEST_SERVER_REST=1h", "POSTRIDER_RETURNED_MESSAGE=10Ki");
    }

    @Test
    void letsRelaysOnADatabaseScaleFreely() {
        var objects = objects("relay: {replicas: 3, queue: {url: 'postgresql://db/queue', secretName: db,"
                + " organizationLimits: {size: 5Gi}}}");
        assertThat(objects).extracting(HasMetadata::getKind)
                .doesNotContain("PersistentVolumeClaim")
                .contains("PodDisruptionBudget");
        var spec = deployment(objects).getSpec();
        assertThat(spec.getReplicas()).isEqualTo(3);
        assertThat(spec.getStrategy().getType()).isEqualTo("RollingUpdate");
        assertThat(spec.getTemplate().getSpec().getVolumes().getFirst().getSecret().getSecretName()).isEqualTo("db");
        var container = spec.getTemplate().getSpec().getContainers().getFirst();
        assertThat(container.getVolumeMounts().getFirst().getMountPath()).isEqualTo("/etc/postrider/queue");
        assertThat(container.getLifecycle().getPreStop().getSleep().getSeconds()).isEqualTo(5);
        assertThat(container.getEnv()).extracting(variable -> variable.getName() + "=" + variable.getValue())
                .contains("POSTRIDER_QUEUE_URL=postgresql://db/queue",
                        "POSTRIDER_QUEUE_CREDENTIALS=/etc/postrider/queue", "POSTRIDER_QUEUE_ORGANIZATION_SIZE=5Gi");
    }

    @Test
    void leavesTheNumberOfRelaysToWhoeverScalesThem() {
        var objects = objects("relay: {replicas: 3, autoscaled: true, queue: {url: 'postgresql://db/queue',"
                + " secretName: db}}");
        assertThat(deployment(objects).getSpec().getReplicas()).isNull();
        assertThat(objects).extracting(HasMetadata::getKind).contains("PodDisruptionBudget");
    }

    @Test
    void servesAttachmentsWhereThatIsSwitchedOn() {
        assertThat(json(objects("relay: {links: {enabled: false, tls: false}}"))).doesNotContain("links", "LINKS");
        var objects = objects("relay: {links: {enabled: true, tls: false, organizationSize: 5Gi, downloads: 7, scanner:"
                + " 'clamd:3310', s3: {endpoint: 'https://s3.example.com', region: eu-west-1, bucket: mail, secretName:"
                + " keys}}}");
        var pod = deployment(objects).getSpec().getTemplate().getSpec();
        var container = pod.getContainers().getFirst();
        assertThat(container.getEnv()).extracting(variable -> variable.getName() + "=" + variable.getValue())
                .contains("POSTRIDER_LINKS_PORT=8443", "POSTRIDER_LINKS_TLS=false",
                        "POSTRIDER_LINKS_ORGANIZATION_SIZE=5Gi", "POSTRIDER_LINKS_DOWNLOADS=7",
                        "POSTRIDER_LINKS_SCANNER=clamd:3310", "POSTRIDER_LINKS_S3_ENDPOINT=https://s3.example.com",
                        "POSTRIDER_LINKS_S3_REGION=eu-west-1", "POSTRIDER_LINKS_S3_BUCKET=mail",
                        "POSTRIDER_LINKS_S3_CREDENTIALS=/etc/postrider/links");
        assertThat(container.getPorts()).extracting(port -> port.getName() + " " + port.getContainerPort())
                .contains("links 8443");
        assertThat(container.getVolumeMounts()).extracting(mount -> mount.getName() + " " + mount.getMountPath())
                .contains("links-credentials /etc/postrider/links");
        assertThat(pod.getVolumes()).filteredOn(volume -> volume.getName().equals("links-credentials"))
                .extracting(volume -> volume.getSecret().getSecretName())
                .containsExactly("keys");
        assertThat(objects).filteredOn(object -> List.of("Service", "NetworkPolicy").contains(object.getKind()))
                .hasSize(2)
                .allSatisfy(object -> assertThat(json(List.of(object))).contains("\"links\""));
    }

    private static String json(List<HasMetadata> objects) {
        return objects.stream().map(Serialization::asJson).collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            relay: {replicas: 2}                            | relay.replicas: 2 is not possible
            relay: {autoscaled: true}                       | relay.autoscaled: true is not possible
            relay: {queue: {url: 'postgresql://db/queue'}}  | relay.queue.secretName is missing
            relay: {queue: {url: 'postgresql://a,,b/queue', secretName: db}} | relay.queue.url: not a URL of a PostgreSQL
            relay: {delivery: {giveUpAfter: 5 days}}        | relay.delivery.giveUpAfter: "5 days" is no duration
            relay: {links: {enabled: true, s3: {endpoint: 'https://s3.example.com'}}} | relay.links.s3 needs bucket
            relay: {links: {enabled: true}, queue: {url: 'postgresql://db/q', secretName: db}} | relay.links.s3 is missing
            relay: {delivery: {retryAfter: [1m, soon]}}     | relay.delivery.retryAfter: "soon" is no duration
            """)
    void refusesWhatCannotWork(String yaml, String message) {
        assertThatThrownBy(() -> Settings.of(settings(yaml))).hasMessageContaining(message);
    }
}
