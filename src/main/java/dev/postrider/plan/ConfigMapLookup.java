package dev.postrider.plan;

import java.util.Map;

/** What is there under the name of a ConfigMap of certificate authorities. */
public sealed interface ConfigMapLookup {

    /** A labelled ConfigMap with its entries. */
    record Found(Map<String, String> data) implements ConfigMapLookup {}

    /** There is a ConfigMap of that name, without the label that would let Postrider read it. */
    record Unlabelled() implements ConfigMapLookup {}

    /** There is no ConfigMap of that name. */
    record Missing() implements ConfigMapLookup {}
}
