package dev.postrider.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.MailServer;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GitopsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            | | kubectl-edit |
            | argocd.argoproj.io/tracking-id=mail:postrider.dev/MailServer:acme/own | argocd-controller | Argo CD declares it in the application "mail": it comes back with the next sync. Take it out of Git first
            argocd.argoproj.io/instance=mail | | | Argo CD declares it in the application "mail": it comes back with the next sync. Take it out of Git first
            kustomize.toolkit.fluxcd.io/name=mail kustomize.toolkit.fluxcd.io/namespace=flux-system | | | Flux declares it in the Kustomization "flux-system/mail": it comes back with the next sync. Take it out of Git first
            helm.toolkit.fluxcd.io/name=mail | meta.helm.sh/release-name=mail | | Flux declares it in the HelmRelease "mail": it comes back with the next sync. Take it out of Git first
            | meta.helm.sh/release-name=mail meta.helm.sh/release-namespace=acme | helm | Helm declares it in the release "acme/mail": the next upgrade brings it back. Take it out of the chart or the values first
            | | kustomize-controller | Flux has written it: it comes back with the next sync. Take it out of Git first
            | | argocd-controller | Argo CD has written it: it comes back with the next sync. Take it out of Git first
            """)
    void tellsWhoWouldBringAResourceBack(@Nullable String labels, @Nullable String annotations,
            @Nullable String manager, @Nullable String warning) {
        MailServer server = new MailServer();
        server.setMetadata(new ObjectMetaBuilder().withName("own")
                .withLabels(entries(labels))
                .withAnnotations(entries(annotations))
                .withManagedFields(new ManagedFieldsEntryBuilder().withManager(manager).build())
                .build());

        assertThat(Gitops.warning(server).orElse(null)).isEqualTo(warning);
    }

    private static Map<String, String> entries(@Nullable String text) {
        return text == null
                ? Map.of()
                : Arrays.stream(text.split(" ", -1))
                        .map(entry -> entry.split("=", 2))
                        .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1]));
    }
}
