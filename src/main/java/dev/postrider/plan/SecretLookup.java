package dev.postrider.plan;

import java.util.Map;
import java.util.Optional;

/** What is there under the name of a credentials Secret. */
public sealed interface SecretLookup {

    /**
     * A labelled Secret.
     *
     * @param data  its entries, decoded as UTF-8
     * @param hosts the annotation {@code postrider.dev/hosts}
     */
    record Found(Map<String, String> data, Optional<String> hosts) implements SecretLookup {
        @Override
        public String toString() {
            return "Found[keys=" + data.keySet() + "]";
        }
    }

    /** There is a Secret of that name, without the label that would let Postrider read it. */
    record Unlabelled() implements SecretLookup {}

    /** There is no Secret of that name. */
    record Missing() implements SecretLookup {}
}
