package dev.postrider.relay;

import dev.postrider.message.header.AddressField;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.CanonicalAddress;
import dev.postrider.route.GrantedDomains;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the applications of an organization may send as, and what comes of the rest.
 *
 * @param organization whose mail it is
 * @param from         its From
 * @param envelopeFrom its envelope sender
 * @param bounceAddress what takes the place of {@code from} as the envelope sender
 * @param replyTo      what mail from {@code from} names for answers where it names nobody
 * @param senders      what else is allowed
 * @param granted      the only domains that are; empty where any is
 */
record SenderIdentity(ResourceKey organization, Address from, String envelopeFrom, Optional<String> bounceAddress,
        Optional<Address> replyTo, AllowedSenders senders, Optional<GrantedDomains> granted) {
    /** Of a reply, with what stands before and after, so that it fits (RFC 5321 section 4.5.3.1.5). */
    private static final int LONGEST_TEXT = 480;
    private static final int LONGEST_ADDRESS = 64;
    private static final int MOST_TOLD = 2;

    /** One that may send as any domain. */
    SenderIdentity(ResourceKey organization, Address from, String envelopeFrom, Optional<String> bounceAddress,
            Optional<Address> replyTo, AllowedSenders senders) {
        this(organization, from, envelopeFrom, bounceAddress, replyTo, senders, Optional.empty());
    }

    /**
     * For mail that comes in; empty for a route that does not say who may be the sender.
     *
     * @param needsGrant whether all servers that the mail may leave through are global
     */
    static Optional<SenderIdentity> of(OrganizationRoute route, boolean needsGrant) {
        return route.senders()
                .map(senders -> of(route, senders, needsGrant ? route.granted() : Optional.empty()));
    }

    /**
     * For mail that is about to leave through a global server: whoever was let in is so still, if his domain is granted.
     * Empty where any is.
     */
    static Optional<SenderIdentity> leaving(OrganizationRoute route) {
        return route.granted().map(domains -> of(route, domains.everybody(), route.granted()));
    }

    private static SenderIdentity of(OrganizationRoute route, AllowedSenders senders,
            Optional<GrantedDomains> granted) {
        return new SenderIdentity(route.key(), route.from(), route.envelopeFrom(), route.bounceAddress(),
                route.replyTo(), senders, granted);
    }

    /** Nothing is written anew as somebody who may not send. */
    boolean rewrites() {
        return senders.otherwise() == Otherwise.REWRITE && isGranted(CanonicalAddress.of(from.address()));
    }

    private boolean isGranted(CanonicalAddress address) {
        return granted.filter(domains -> !domains.allow(address)).isEmpty();
    }

    private boolean isGranted(String address) {
        return isGranted(CanonicalAddress.of(address));
    }

    /** Whether this may be the envelope sender; nobody must be refused for having none (RFC 6409 section 3.2). */
    boolean allowsEnvelope(String reversePath) {
        CanonicalAddress address = CanonicalAddress.of(reversePath);
        return reversePath.isEmpty()
                || address.isSameSender(CanonicalAddress.of(envelopeFrom)) && isGranted(address)
                || allows(address);
    }

    /** Whether From or Sender may name all of these. */
    boolean allows(List<CanonicalAddress> addresses) {
        return addresses.stream().allMatch(this::allows);
    }

    private boolean allows(CanonicalAddress address) {
        return isGranted(address) && (isFrom(address) || senders.allow(address));
    }

    /** Whether this is the organization's own address, and not one that it may use besides. */
    boolean isFrom(CanonicalAddress address) {
        return address.isSameSender(CanonicalAddress.of(from.address()));
    }

    /**
     * An allowed address in the case in which it is allowed, since servers may know no other; one whose domain alone is
     * allowed as it is.
     */
    CanonicalAddress spelling(CanonicalAddress address) {
        return isFrom(address)
                ? CanonicalAddress.of(from.address())
                : senders.spelling(address).orElse(address);
    }

    /**
     * The envelope sender that mail leaves with; in ASCII where that can be, if it is another than it came with.
     *
     * @param ownLogin whether it goes out with the login of whoever submits it, with which a server may take no other
     */
    String reversePath(String submitted, boolean ownLogin) {
        if (!allowsEnvelope(submitted)) {
            return AddressField.mostlyAscii(isGranted(envelopeFrom) ? envelopeFrom : from.address());
        }
        return bounceAddress.filter(this::isGranted)
                .filter(_ -> !ownLogin && isFrom(CanonicalAddress.of(submitted)))
                .map(AddressField::mostlyAscii)
                .orElseGet(() -> spelled(submitted));
    }

    private String spelled(String reversePath) {
        CanonicalAddress address = CanonicalAddress.of(reversePath);
        CanonicalAddress bounces = CanonicalAddress.of(envelopeFrom);
        return CanonicalAddress.spelled(reversePath,
                !isFrom(address) && address.isSameSender(bounces) ? bounces : spelling(address));
    }

    /** A field with the organization's From, folded. */
    byte[] field(String name) {
        return AddressField.write(name, from);
    }

    /** Says which addresses are not allowed where. */
    Refusal refusal(String where, List<CanonicalAddress> addresses) {
        Optional<CanonicalAddress> wrong = addresses.stream().filter(address -> !allows(address)).findFirst();
        String problem = where + " must not be " + wrong
                .map(address -> "<" + shortened(address.localPart() + "@" + address.domain()) + ">")
                .orElse("so");
        return wrong.filter(address -> !isGranted(address))
                .map(address -> notGranted(problem, address.domain()))
                .orElseGet(() -> refusal(problem));
    }

    private Refusal notGranted(String problem, String domain) {
        List<String> domains = granted.map(patterns -> patterns.patterns().texts()).orElse(List.of());
        return refusal(problem, domains.isEmpty()
                ? "no domain is granted to namespace " + organization.namespace()
                : "send as " + some(domains),
                "ask the administrator of Postrider to grant " + shortened(domain) + " to namespace "
                        + organization.namespace() + " (spec.senders of a global MailServer)");
    }

    /** @param problem what is wrong, without what would be right */
    Refusal refusal(String problem) {
        return refusal(problem, "send as <" + shortened(from.address()) + ">"
                + (senders.patterns().texts().isEmpty() ? "" : ", " + some(senders.patterns().texts())),
                "add the sender to spec.identity.allowedSenders of OrganizationMailSettings " + organization);
    }

    private static Refusal refusal(String problem, String allowed, String otherwise) {
        String text = problem + "; " + allowed + ", or " + otherwise;
        return new Refusal(550, "5.7.1", text.substring(0, Math.min(text.length(), LONGEST_TEXT)));
    }

    private static String some(List<String> patterns) {
        String shown = patterns.stream()
                .limit(MOST_TOLD)
                .map(SenderIdentity::shortened)
                .collect(Collectors.joining(", "));
        return patterns.size() > MOST_TOLD ? shown + " and " + (patterns.size() - MOST_TOLD) + " more" : shown;
    }

    private static String shortened(String address) {
        String ascii = AddressField.mostlyAscii(address);
        return ascii.length() <= LONGEST_ADDRESS ? ascii : ascii.substring(0, LONGEST_ADDRESS) + "...";
    }
}
