package dev.postrider.api;

/** The names that Postrider's resources share: the API group, labels, annotations and the finalizer. */
public final class PostriderApi {
    public static final String GROUP = "postrider.dev";
    public static final String VERSION = "v1alpha1";

    /** Holds a resource until its deletion is confirmed and what was made from it is gone. */
    public static final String FINALIZER = "postrider.dev/deletion-confirmation";

    /** Label, value {@code "true"}: Postrider may read this Secret. */
    public static final String CREDENTIALS_LABEL = "postrider.dev/credentials";

    /** Label, value {@code "true"}: Postrider may read this ConfigMap. */
    public static final String CERTIFICATE_AUTHORITIES_LABEL = "postrider.dev/certificate-authorities";

    /** Annotation of a credentials Secret: the only hosts, separated by commas, that its content may be sent to. */
    public static final String HOSTS_ANNOTATION = "postrider.dev/hosts";

    /** Annotation: a new value asks for a test mail; a value that is an address is that test's recipient. */
    public static final String TEST_SEND_ANNOTATION = "postrider.dev/test-send";

    /** Annotation of an organization: a new value asks for a new password in its binding. */
    public static final String ROTATE_ANNOTATION = "postrider.dev/rotate";

    /**
     * Label of a Namespace: of which other namespaces it takes copies of bindings. Their names, joined by dots, or
     * {@value #ANY_NAMESPACE}.
     */
    public static final String ACCEPT_BINDINGS_LABEL = "postrider.dev/accept-bindings-from";

    /** Value of {@link #ACCEPT_BINDINGS_LABEL}: of all namespaces. No namespace is named so, for it has a capital. */
    public static final String ANY_NAMESPACE = "Any";

    /** Annotation, value {@code "true"}: Postrider leaves the resource and what it made from it alone. */
    public static final String PAUSED_ANNOTATION = "postrider.dev/paused";

    /** What {@code spec.deletionConfirmation} must be, exactly, before a deletion goes ahead. */
    public static final String DELETION_CONFIRMATION = "Delete";

    private PostriderApi() {}
}
