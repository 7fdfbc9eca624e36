package dev.postrider.plan;

/** What is there under the name of an organization's binding Secret. */
public sealed interface BindingLookup {

    /**
     * Postrider's own, made for this organization.
     *
     * @param password the login's password; empty when somebody took it out
     */
    record Own(String password) implements BindingLookup {
        @Override
        public String toString() {
            return "Own[]";
        }
    }

    /** Somebody else's; it is never overwritten. */
    record Foreign() implements BindingLookup {}

    /** Nothing yet. */
    record Missing() implements BindingLookup {}
}
