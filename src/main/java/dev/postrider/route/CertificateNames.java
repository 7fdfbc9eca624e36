package dev.postrider.route;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * The hosts that a certificate is for (RFC 9525): its subject alternative names. The common name is one only where that
 * is asked for and there are no others, for RFC 9525 section 2 gave it up.
 *
 * @param names     host names, perhaps with * for the first label
 * @param addresses IP addresses
 */
public record CertificateNames(List<String> names, List<String> addresses) {
    /** The types of GeneralName, RFC 5280 section 4.2.1.6. */
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    /**
     * Reads them.
     *
     * @param commonNameFallback whether the common name counts where there are no others
     * @throws CertificateParsingException if they cannot be read
     */
    public static CertificateNames of(X509Certificate certificate, boolean commonNameFallback)
            throws CertificateParsingException {
        List<String> names = new ArrayList<>();
        List<String> addresses = new ArrayList<>();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        for (List<?> alternative : alternatives == null ? List.<List<?>>of() : alternatives) {
            if (alternative.get(1) instanceof String name) {
                switch ((Integer) alternative.get(0)) {
                    case DNS_NAME -> names.add(name);
                    case IP_ADDRESS -> addresses.add(name);
                    default -> {
                        // Of a person or a service, not of a host.
                    }
                }
            }
        }
        if (commonNameFallback && names.isEmpty() && addresses.isEmpty()) {
            commonName(certificate).ifPresent(names::add);
        }
        return new CertificateNames(names, addresses);
    }

    private static Optional<String> commonName(X509Certificate certificate) {
        try {
            return new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()
                    .reversed()
                    .stream()
                    .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                    .map(Rdn::getValue)
                    .filter(String.class::isInstance)
                    .map(String.class::cast)
                    .findFirst();
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
    }

    /** Whether the host, a name or an address, is among them. */
    public boolean contain(String host) {
        return isAddress(host)
                ? addresses.stream().anyMatch(address -> isSameAddress(address, host))
                : names.stream().anyMatch(name -> matches(name, host));
    }

    /** Whether it is an IPv4 or IPv6 address, and no name. */
    public static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || host.matches("[0-9]+(\\.[0-9]+){3}");
    }

    private static boolean isSameAddress(String one, String other) {
        try {
            return isAddress(one) && InetAddress.getByName(one).equals(InetAddress.getByName(other));
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** RFC 9525 section 6.3: the * stands for one whole label, and never for one right below a top-level domain. */
    private static boolean matches(String name, String host) {
        String pattern = name.toLowerCase(Locale.ROOT);
        String wanted = host.toLowerCase(Locale.ROOT);
        if (!pattern.startsWith("*.")) {
            return pattern.equals(wanted);
        }
        String domain = pattern.substring(1);
        int dot = wanted.indexOf('.');
        return dot > 0 && domain.indexOf('.', 1) > 0 && domain.indexOf('*') < 0
                && wanted.substring(dot).equals(domain);
    }

    /** For people. */
    @Override
    public String toString() {
        List<String> all = new ArrayList<>(names);
        all.addAll(addresses);
        return String.join(", ", all);
    }
}
