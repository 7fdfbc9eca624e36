package dev.postrider.operator.installation;

import dev.postrider.plan.RelayState;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import java.util.Optional;

/** What the relay's Deployment says. */
final class RelayDeployment {
    private RelayDeployment() {}

    static RelayState state(Optional<Deployment> deployment) {
        return deployment.map(RelayDeployment::state).orElseGet(RelayState::notNeeded);
    }

    private static RelayState state(Deployment deployment) {
        DeploymentStatus status = deployment.getStatus();
        if (status != null && status.getAvailableReplicas() != null && status.getAvailableReplicas() > 0) {
            return RelayState.available(status.getAvailableReplicas());
        }
        String why = status == null
                ? ""
                : status.getConditions()
                        .stream()
                        .filter(c -> !"True".equals(c.getStatus()))
                        .map(c -> ": " + c.getMessage())
                        .findFirst()
                        .orElse("");
        String namespace = deployment.getMetadata().getNamespace();
        String name = deployment.getMetadata().getName();
        return RelayState
                .unavailable("Deployment %s/%s has no available replica%s Unless it is about to start, see why: "
                        .formatted(namespace, name, why.isEmpty() ? "." : why)
                        + "kubectl -n %s logs deployment/%s".formatted(namespace, name));
    }
}
