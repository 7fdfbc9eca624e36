package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OperatorClientTest {
    /** Deployments and the like are compared by their managed fields; the kinds that come in thousands are not. */
    @ParameterizedTest
    @CsvSource({"postrider.dev/v1alpha1, OrganizationMailSettings, false", "postrider.dev/v1alpha1, MailServer, false",
            "v1, Secret, false", "v1, ConfigMap, true"})
    void readsManagedFieldsOfFewKinds(String apiVersion, String kind, boolean read) {
        try (var client = OperatorClient.builder(Config.empty(), new Leadership(() -> {})).build()) {
            HasMetadata resource = client.getKubernetesSerialization().unmarshal("""
                    {"apiVersion": "%s", "kind": "%s", "metadata": {"name": "acme", "namespace": "tenant",
                     "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}]}}
                    """.formatted(apiVersion, kind));

            assertThat(resource).isInstanceOfAny(OrganizationMailSettings.class, MailServer.class, Secret.class,
                    ConfigMap.class);
            assertThat(resource.getMetadata().getName()).isEqualTo("acme");
            assertThat(resource.getMetadata().getManagedFields()).hasSize(read ? 1 : 0);
        }
    }
}
