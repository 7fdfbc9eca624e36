package dev.postrider.operator.installation;

import dev.postrider.route.RelayCertificate;
import java.util.List;
import java.util.Optional;

/** Where the relay's certificate comes from. */
public sealed interface CertificateSource {
    /** The hosts that the installation's own authority makes one for, if it must. */
    List<String> hostNames();

    /** The installation's own authority, which makes one whenever it is time. */
    record OwnAuthority(List<String> hostNames) implements CertificateSource {}

    /**
     * A Secret of other people's, or of cert-manager.
     *
     * @param certificate empty while there is none that can be used: what the relay had stays, and if that is nothing,
     *                    the own authority makes one for the time being
     */
    record Given(Optional<RelayCertificate> certificate, List<String> hostNames) implements CertificateSource {}
}
