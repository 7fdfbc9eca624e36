package dev.postrider.reconcile;

import dev.postrider.api.PostriderApi;
import dev.postrider.plan.Plan;
import dev.postrider.plan.Refusal;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Carries out the plan for a resource, of whatever kind and wherever it is. The steps have one order:
 *
 * <ol>
 * <li>The resource is held, before anything is made of it that must go before it goes.
 * <li>Its route, before the binding: a login that an application has found must work.
 * <li>Its binding, which stays as it was where the route was refused.
 * <li>Where anything of this was refused, the plan is made anew with that, and goes on.
 * <li>Copies of the binding. What is refused of these, in the namespaces of others, stops nothing.
 * <li>Where nothing holds it any more, what was made of it goes.
 * <li>The status, before any mail: what is about to be sent is written down. What became of mails that were sent is
 * forgotten only then, so that an attempt that fails loses no result.
 * <li>The mails that the plan orders.
 * <li>Where nothing holds it any more, it is let go: what was made of it has gone, and the status says so.
 * <li>Events, so that what is said is true, and said once.
 * </ol>
 *
 * <p>A step that throws ends it there. The resource is planned for anew, later, and each step does nothing where what it
 * makes is there already.
 */
public final class Reconciliation {
    private Reconciliation() {}

    /** Whether somebody asked to leave a resource alone. */
    public static boolean isPaused(HasMetadata resource) {
        Map<String, String> annotations = resource.getMetadata().getAnnotations();
        return annotations != null && "true".equals(annotations.get(PostriderApi.PAUSED_ANNOTATION));
    }

    /**
     * Carries out a plan.
     *
     * @param planned what the resource comes to
     * @param refused makes the plan anew with what was refused of it
     * @param mails   those of the resource, as they were when the plan was made
     * @return what was carried out, with what was refused
     */
    public static <P extends Plan> P carryOut(P planned, Function<Refusal, P> refused, Effects<P> effects,
            List<Mails<P, ?, ?, ?>> mails) {
        Optional<Refusal> unheld = effects.hold();
        Optional<Refusal> unwritten = effects.applyRoute(planned).or(() -> effects.applyBinding(planned));
        Optional<Refusal> refusal = unheld.or(() -> unwritten);
        refusal.ifPresent(effects::refused);
        P plan = effects.applyCopies(refusal.map(refused).orElse(planned));
        if (plan.release()) {
            effects.remove();
        }
        effects.writeStatus(plan);
        if (refusal.isEmpty()) {
            effects.nothingRefused();
        }
        mails.forEach(sort -> sort.statusWritten(plan));
        mails.forEach(sort -> sort.start(plan));
        if (plan.release()) {
            effects.release();
        }
        plan.notices().forEach(effects::publish);
        return plan;
    }
}
