package dev.postrider.plan;

import java.util.Map;

/** What is there under the name of a namespace that an organization wants a copy of its binding in. */
public sealed interface NamespaceLookup {

    /**
     * One that is there.
     *
     * @param labels      of the Namespace
     * @param terminating whether it is being deleted
     */
    record Found(Map<String, String> labels, boolean terminating) implements NamespaceLookup {}

    /** Nothing, or nothing that the installation works in. */
    record Missing() implements NamespaceLookup {}

    /**
     * Nobody knows.
     *
     * @param why what the API server said
     */
    record Unreadable(String why) implements NamespaceLookup {}

    /** There are no namespaces, for there is no cluster. */
    record NoCluster() implements NamespaceLookup {}
}
