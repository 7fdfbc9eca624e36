package dev.postrider.relay.links;

/** An attachment holds what no scanner lets through, or what the scanner could not look at to its end. */
public final class InfectedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param finding as clamd calls it (clamd.conf(5): AlertExceedsMax, AlertEncrypted) */
    InfectedException(String fileName, String finding) {
        super("the attachment \"" + fileName + "\" " + what(finding));
    }

    private static String what(String finding) {
        if (finding.startsWith("Heuristics.Limits.Exceeded")) {
            return "cannot be scanned to its end, for it exceeds a limit (" + finding + ")";
        }
        return finding.startsWith("Heuristics.Encrypted")
                ? "cannot be scanned, for it is encrypted (" + finding + ")"
                : "holds " + finding;
    }
}
