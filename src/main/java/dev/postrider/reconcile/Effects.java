package dev.postrider.reconcile;

import dev.postrider.plan.Notice;
import dev.postrider.plan.Refusal;

import java.util.Optional;

/**
 * What the plan for one resource does around it, where that resource is: in a cluster, or in a directory. In the order in
 * which {@link Reconciliation} takes these steps.
 *
 * @param <P> plans for the resource's kind
 */
public interface Effects<P> {

    /**
     * Sees to it that the resource stays until {@link #release}.
     *
     * @return what was refused of that
     */
    default Optional<Refusal> hold() {
        return Optional.empty();
    }

    /**
     * Gives the relay the route, if there is one to give.
     *
     * @return what was refused of that
     */
    default Optional<Refusal> applyRoute(P plan) {
        return Optional.empty();
    }

    /**
     * Gives applications the binding, if there is one to give.
     *
     * @return what was refused of that
     */
    default Optional<Refusal> applyBinding(P plan) {
        return Optional.empty();
    }

    /** Something was refused. */
    default void refused(Refusal refusal) {}

    /**
     * Brings the copies of the binding to where they are wanted.
     *
     * @return the plan, with what was refused of that
     */
    default P applyCopies(P plan) {
        return plan;
    }

    /** Removes route and binding. */
    default void remove() {}

    /** Writes the status, if it differs. */
    void writeStatus(P plan);

    /** Everything is written, and nothing was refused. */
    default void nothingRefused() {}

    /** Lets a resource go that was held. */
    default void release() {}

    /** Tells people. */
    void publish(Notice notice);
}
