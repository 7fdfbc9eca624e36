package dev.postrider.cli.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who else keeps a resource as it is declared, and would bring it back: told by the labels and annotations that these
 * tools set, else by the field managers.
 */
final class Gitops {
    private static final String ARGO_TRACKING = "argocd.argoproj.io/tracking-id";
    private static final String ARGO_INSTANCE = "argocd.argoproj.io/instance";
    private static final String FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/";
    private static final String FLUX_HELM = "helm.toolkit.fluxcd.io/";
    private static final String HELM_RELEASE = "meta.helm.sh/release-";
    private static final String COMES_BACK = ": it comes back with the next sync. Take it out of Git first";

    private Gitops() {}

    /** What a person should know before he deletes it; empty if nobody seems to bring it back. */
    static Optional<String> warning(HasMetadata resource) {
        Map<String, String> labels = Objects.requireNonNullElse(resource.getMetadata().getLabels(), Map.of());
        Map<String, String> annotations = Objects.requireNonNullElse(resource.getMetadata().getAnnotations(), Map.of());
        return argo(labels, annotations).or(() -> flux("Kustomization", labels, FLUX_KUSTOMIZE))
                .or(() -> flux("HelmRelease", labels, FLUX_HELM))
                .or(() -> helm(annotations))
                .or(() -> manager(resource));
    }

    private static Optional<String> argo(Map<String, String> labels, Map<String, String> annotations) {
        // The value is <application>:<group>/<kind>:<namespace>/<name>.
        return Optional.ofNullable(annotations.get(ARGO_TRACKING))
                .map(id -> id.replaceFirst(":.*", ""))
                .or(() -> Optional.ofNullable(labels.get(ARGO_INSTANCE)))
                .map(application -> "Argo CD declares it in the application \"" + application + "\"" + COMES_BACK);
    }

    private static Optional<String> flux(String kind, Map<String, String> labels, String prefix) {
        return Optional.ofNullable(labels.get(prefix + "name"))
                .map(name -> "Flux declares it in the " + kind + " \""
                        + Optional.ofNullable(labels.get(prefix + "namespace")).map(n -> n + "/").orElse("") + name
                        + "\"" + COMES_BACK);
    }

    private static Optional<String> helm(Map<String, String> annotations) {
        return Optional.ofNullable(annotations.get(HELM_RELEASE + "name"))
                .map(name -> "Helm declares it in the release \""
                        + Optional.ofNullable(annotations.get(HELM_RELEASE + "namespace")).map(n -> n + "/").orElse("")
                        + name + "\": the next upgrade brings it back. Take it out of the chart or the values first");
    }

    private static Optional<String> manager(HasMetadata resource) {
        List<ManagedFieldsEntry> fields = Objects.requireNonNullElse(resource.getMetadata().getManagedFields(),
                List.of());
        return Stream.of(Map.entry("argocd-", "Argo CD"), Map.entry("kustomize-controller", "Flux"),
                Map.entry("helm-controller", "Flux"))
                .filter(tool -> fields.stream()
                        .anyMatch(field -> field.getManager() != null && field.getManager().startsWith(tool.getKey())))
                .findFirst()
                .map(tool -> tool.getValue() + " has written it" + COMES_BACK);
    }
}
