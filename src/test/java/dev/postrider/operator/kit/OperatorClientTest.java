package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Ten thousand of them are kept: what is not there takes no room, and what many have alike is one. */
    @ParameterizedTest
    @ValueSource(strings = {"v1, Secret", "postrider.dev/v1alpha1, MailServer",
            "postrider.dev/v1alpha1, OrganizationMailSettings", "postrider.dev/v1alpha1, LicenseExpiryNotice"})
    void keepsNoMoreThanThereIs(String kind) {
        String json = """
                {"apiVersion": "%s", "kind": "%s", "metadata": {"name": "acme", "namespace": "tenant",
                 "labels": {"a": "b"}, "finalizers": ["postrider.dev/deletion-confirmation"],
                 "annotations": {"c": "d", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
                 "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "settings", "uid": "1"}]}}
                """.formatted((Object[]) kind.split(", "));
        try (var client = OperatorClient.builder(Config.empty(), new Leadership(() -> {})).build()) {
            HasMetadata first = client.getKubernetesSerialization().unmarshal(json);
            HasMetadata second = client.getKubernetesSerialization().unmarshal(json);
            HasMetadata ordinary = new KubernetesSerialization().unmarshal(json, first.getClass());

            assertThat(first.getMetadata().getAnnotations()).isEqualTo(Map.of("c", "d"));
            assertThat(first.getMetadata().getLabels()).isSameAs(second.getMetadata().getLabels());
            assertThat(first.getMetadata().getOwnerReferences()).isSameAs(second.getMetadata().getOwnerReferences());
            assertThat(first.getMetadata().getAdditionalProperties())
                    .isSameAs(second.getMetadata().getAdditionalProperties());
            ordinary.getMetadata().getAnnotations().remove("kubectl.kubernetes.io/last-applied-configuration");
            assertThat(first).isEqualTo(ordinary);
            // The framework removes a finalizer so.
            assertThat(client.getKubernetesSerialization().clone(first).removeFinalizer(PostriderApi.FINALIZER))
                    .isTrue();
            // Whoever changes anything else copies it first.
            ObjectMeta changed = first.getMetadata().edit().addToLabels("e", "f").addToFinalizers("g").build();
            assertThat(changed.getLabels()).isEqualTo(Map.of("a", "b", "e", "f"));
        }
    }
}
