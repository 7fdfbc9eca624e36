package dev.postrider.plan;

import dev.postrider.route.ResourceKey;
import java.util.Map;
import java.util.Optional;

/** What is there under the name of an organization's binding Secret. */
public sealed interface BindingLookup {

    /**
     * Postrider's own, made for this organization.
     *
     * @param password    the login's password; empty when somebody took it out
     * @param annotations of the Secret
     */
    record Own(String password, Map<String, String> annotations) implements BindingLookup {
        /** Without annotations. */
        public Own(String password) {
            this(password, Map.of());
        }

        @Override
        public String toString() {
            return "Own[]";
        }
    }

    /**
     * Somebody else's; it is never overwritten.
     *
     * @param organization whose binding it is, if it is one
     */
    record Foreign(Optional<ResourceKey> organization) implements BindingLookup {
        /** One that is not Postrider's at all. */
        public static Foreign unknown() {
            return new Foreign(Optional.empty());
        }
    }

    /** Nothing yet. */
    record Missing() implements BindingLookup {}
}
