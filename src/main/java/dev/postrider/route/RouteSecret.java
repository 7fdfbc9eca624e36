package dev.postrider.route;

/**
 * How a route travels in a Secret of the relay's namespace: the label says which kind of route it is, the one entry
 * of the data holds it as {@link RouteJson}.
 */
public final class RouteSecret {
    /** Label whose value is the kind of route. */
    public static final String LABEL = "postrider.dev/route";

    /** Key of the Secret's data under which the route is. */
    public static final String DATA_KEY = "route.json";

    /** Annotation: the resource that the route was made from, as {@code namespace/name}. */
    public static final String SOURCE_ANNOTATION = "postrider.dev/source";

    /** Annotation: the UID of that resource. Of another that had its name before, a route is as good as none. */
    public static final String SOURCE_UID_ANNOTATION = "postrider.dev/source-uid";

    /** Value of {@link #LABEL} of a Secret that holds a bundle of authorities that routes name. */
    public static final String AUTHORITIES = "authorities";

    /** Key of the data of such a Secret. */
    public static final String AUTHORITIES_KEY = "ca.crt";

    /** Annotation of a route: the digests of the bundles that it names, separated by commas. */
    public static final String AUTHORITIES_ANNOTATION = "postrider.dev/authorities";

    private RouteSecret() {}

    /** Name of the Secret of a bundle. */
    public static String authoritiesName(String digest) {
        return "route-authorities." + digest;
    }

    /** What a route Secret holds. */
    public enum Kind {
        SERVER("server", ServerRoute.class), ORGANIZATION("organization", OrganizationRoute.class), RELAY("relay",
                RelayRoute.class);

        private final String labelValue;
        private final Class<?> type;

        Kind(String labelValue, Class<?> type) {
            this.labelValue = labelValue;
            this.type = type;
        }

        /** The value of {@link #LABEL}. */
        public String labelValue() {
            return labelValue;
        }

        /** The record that the Secret's JSON reads as. */
        public Class<?> type() {
            return type;
        }

        /** Name of the Secret of this kind for a resource; unique, since a namespace has no dots. */
        public String secretName(ResourceKey source) {
            return "route-" + labelValue + "." + source.namespace() + "." + source.name();
        }
    }
}
