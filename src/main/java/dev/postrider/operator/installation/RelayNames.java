package dev.postrider.operator.installation;

/** What the relay is called in its installation. */
public final class RelayNames {
    /** Name of all of the relay's objects. */
    public static final String NAME = "postrider-relay";

    private RelayNames() {}

    /** The name under which applications reach the relay. */
    public static String host(String namespace) {
        return NAME + "." + namespace + ".svc";
    }
}
