package dev.postrider.route;

/**
 * What the relay must know of the installation.
 *
 * @param globalServerRequired whether an active global server is the master switch for all sending
 * @param certificate          the relay's certificate and those that lead to its root, PEM
 * @param privateKey           the key of that certificate, PKCS #8 in PEM
 * @param adminTokenSha256     SHA-256, in lower-case hex, of the token that the operator asks the relay with
 */
public record RelayRoute(boolean globalServerRequired, String certificate, String privateKey,
        String adminTokenSha256) {
    @Override
    public String toString() {
        return "RelayRoute[globalServerRequired=" + globalServerRequired + "]";
    }
}
