package dev.postrider.relay;

import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the applications of an organization may send as, and what comes of the rest.
 *
 * @param organization whose mail it is
 * @param from         its From
 * @param envelopeFrom its envelope sender
 * @param bounceAddress what takes the place of {@code from} as the envelope sender
 * @param replyTo      what mail from {@code from} names for answers where it names nobody
 * @param senders      what else is allowed
 */
record SenderIdentity(ResourceKey organization, Address from, String envelopeFrom, Optional<String> bounceAddress,
        Optional<Address> replyTo, AllowedSenders senders) {
    /** Of a reply, with what stands before and after, so that it fits (RFC 5321 section 4.5.3.1.5). */
    private static final int LONGEST_TEXT = 480;
    private static final int LONGEST_ADDRESS = 64;
    private static final int MOST_TOLD = 2;

    /** Empty for a route that does not say who may be the sender. */
    static Optional<SenderIdentity> of(OrganizationRoute route) {
        return route.senders()
                .map(senders -> new SenderIdentity(route.key(), route.from(), route.envelopeFrom(),
                        route.bounceAddress(), route.replyTo(), senders));
    }

    boolean rewrites() {
        return senders.otherwise() == Otherwise.REWRITE;
    }

    /** Whether this may be the envelope sender; nobody must be refused for having none (RFC 6409 section 3.2). */
    boolean allowsEnvelope(String reversePath) {
        CanonicalAddress address = CanonicalAddress.of(reversePath);
        return reversePath.isEmpty() || address.equals(CanonicalAddress.of(envelopeFrom)) || allows(address);
    }

    /** Whether From or Sender may name all of these. */
    boolean allows(List<CanonicalAddress> addresses) {
        return addresses.stream().allMatch(this::allows);
    }

    private boolean allows(CanonicalAddress address) {
        return isFrom(address) || senders.allow(address);
    }

    /** Whether this is the organization's own address, and not one that it may use besides. */
    boolean isFrom(CanonicalAddress address) {
        return address.equals(CanonicalAddress.of(from.address()));
    }

    /**
     * The envelope sender that mail leaves with; in ASCII where that can be, if it is another than it came with.
     *
     * @param ownLogin whether it goes out with the login of whoever submits it, with which a server may take no other
     */
    String reversePath(String submitted, boolean ownLogin) {
        if (!allowsEnvelope(submitted)) {
            return AddressField.mostlyAscii(envelopeFrom);
        }
        return bounceAddress.filter(_ -> !ownLogin && isFrom(CanonicalAddress.of(submitted)))
                .map(AddressField::mostlyAscii)
                .orElse(submitted);
    }

    /** A field with the organization's From, folded. */
    byte[] field(String name) {
        return AddressField.write(name, from);
    }

    /** Says which addresses are not allowed where. */
    Refusal refusal(String where, List<CanonicalAddress> addresses) {
        return refusal(where + " must not be " + addresses.stream()
                .filter(address -> !allows(address))
                .findFirst()
                .map(address -> "<" + shortened(address.localPart() + "@" + address.domain()) + ">")
                .orElse("so"));
    }

    /** @param problem what is wrong, without what would be right */
    Refusal refusal(String problem) {
        List<String> patterns = senders.patterns();
        String allowed = Stream.concat(Stream.of("<" + shortened(from.address()) + ">"),
                patterns.stream().limit(MOST_TOLD).map(SenderIdentity::shortened)).collect(Collectors.joining(", "));
        String more = patterns.size() > MOST_TOLD ? " and " + (patterns.size() - MOST_TOLD) + " more" : "";
        String text = problem + "; send as " + allowed + more
                + ", or add the sender to spec.identity.allowedSenders of OrganizationMailSettings " + organization;
        return new Refusal(550, "5.7.1", text.substring(0, Math.min(text.length(), LONGEST_TEXT)));
    }

    private static String shortened(String address) {
        String ascii = AddressField.mostlyAscii(address);
        return ascii.length() <= LONGEST_ADDRESS ? ascii : ascii.substring(0, LONGEST_ADDRESS) + "...";
    }
}
