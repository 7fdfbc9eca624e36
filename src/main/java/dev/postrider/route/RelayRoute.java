package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the relay must know of the installation.
 *
 * @param globalServerRequired whether an active global server is the master switch for all sending
 * @param certificate          the relay's certificate and those that lead to its root, PEM
 * @param privateKey           the key of that certificate, PKCS #8 in PEM
 * @param adminTokenSha256     SHA-256, in lower-case hex, of the token that the operator asks the relay with
 * @param submitterKeys        that the credentials of submitters are queued under: the first encrypts, all decrypt
 * @param replyRules           what replies of servers mean, before the rules that the program brings
 * @param configuration        how the relay works; null where nobody says so: as it was started
 */
public record RelayRoute(boolean globalServerRequired, String certificate, String privateKey,
        String adminTokenSha256, List<SubmitterKey> submitterKeys,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ReplyRule> replyRules,
        @JsonDeserialize(using = ConfigurationTree.OfARoute.class) @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable RelayConfiguration configuration) {

    @JsonCreator
    public RelayRoute {
        // Routes of earlier versions say nothing of these.
        submitterKeys = List.copyOf(Objects.requireNonNullElse(submitterKeys, List.of()));
        replyRules = List.copyOf(Objects.requireNonNullElse(replyRules, List.of()));
    }

    /** With the configuration that the relay was started with. */
    public RelayRoute(boolean globalServerRequired, String certificate, String privateKey, String adminTokenSha256,
            List<SubmitterKey> submitterKeys, List<ReplyRule> replyRules) {
        this(globalServerRequired, certificate, privateKey, adminTokenSha256, submitterKeys, replyRules, null);
    }

    /** Without rules for replies. */
    public RelayRoute(boolean globalServerRequired, String certificate, String privateKey, String adminTokenSha256,
            List<SubmitterKey> submitterKeys) {
        this(globalServerRequired, certificate, privateKey, adminTokenSha256, submitterKeys, List.of());
    }

    /** Without keys, so that nobody submits with credentials of his own. */
    public RelayRoute(boolean globalServerRequired, String certificate, String privateKey, String adminTokenSha256) {
        this(globalServerRequired, certificate, privateKey, adminTokenSha256, List.of());
    }

    /** The same with rules for replies. */
    public RelayRoute replyRules(List<ReplyRule> rules) {
        return new RelayRoute(globalServerRequired, certificate, privateKey, adminTokenSha256, submitterKeys, rules,
                configuration);
    }

    @Override
    public String toString() {
        return "RelayRoute[globalServerRequired=" + globalServerRequired + "]";
    }
}
