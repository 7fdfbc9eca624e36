package dev.postrider.operator.kit;

import dev.postrider.transport.FairExecutor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import io.javaoperatorsdk.operator.processing.Controller;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Map;
import java.util.Objects;

/**
 * Tells the executor of reconciliations whose the next one is, and passes all on. The framework says so here, on the
 * thread that then hands the reconciliation to the executor, and says it in no other place.
 */
public record SubmittedReconciliations(Metrics metrics) implements Metrics {
    @Override
    public void reconciliationSubmitted(HasMetadata resource, RetryInfo retry, Map<String, Object> metadata) {
        FairExecutor.next(Objects.requireNonNullElse(resource.getMetadata().getNamespace(), ""));
        metrics.reconciliationSubmitted(resource, retry, metadata);
    }

    @Override
    public void controllerRegistered(
            Controller<? extends HasMetadata> controller) {
        metrics.controllerRegistered(controller);
    }

    @Override
    public void eventReceived(Event event,
            Map<String, Object> metadata) {
        metrics.eventReceived(event, metadata);
    }

    @Override
    public void reconciliationStarted(HasMetadata resource, Map<String, Object> metadata) {
        metrics.reconciliationStarted(resource, metadata);
    }

    @Override
    public void reconciliationFailed(HasMetadata resource, RetryInfo retry, Exception why,
            Map<String, Object> metadata) {
        metrics.reconciliationFailed(resource, retry, why, metadata);
    }

    @Override
    public void reconciliationSucceeded(HasMetadata resource, Map<String, Object> metadata) {
        metrics.reconciliationSucceeded(resource, metadata);
    }

    @Override
    public void reconciliationFinished(HasMetadata resource, RetryInfo retry, Map<String, Object> metadata) {
        metrics.reconciliationFinished(resource, retry, metadata);
    }

    @Override
    public void cleanupDone(ResourceID id,
            Map<String, Object> metadata) {
        metrics.cleanupDone(id, metadata);
    }

    @Override
    public <T> T timeControllerExecution(Metrics.ControllerExecution<T> execution) throws Exception {
        return metrics.timeControllerExecution(execution);
    }
}
