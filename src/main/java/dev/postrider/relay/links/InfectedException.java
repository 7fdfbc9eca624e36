package dev.postrider.relay.links;

/** An attachment holds what no scanner lets through. */
public final class InfectedException extends Exception {
    private static final long serialVersionUID = 1L;

    InfectedException(String fileName, String finding) {
        super("the attachment \"" + fileName + "\" holds " + finding);
    }
}
