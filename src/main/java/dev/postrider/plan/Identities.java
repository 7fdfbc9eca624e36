package dev.postrider.plan;

import dev.postrider.api.Mailbox;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsSpec.Identity;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import java.util.List;
import java.util.Optional;

/**
 * The addresses that an organization's mail carries.
 *
 * @param from         its From
 * @param replyTo      its Reply-To
 * @param envelopeFrom its envelope sender
 * @param declared     whether {@code envelopeFrom} is declared, and no default
 * @param senders      what applications may send as besides {@code from}
 */
record Identities(Address from, Optional<Address> replyTo, String envelopeFrom, boolean declared,
        AllowedSenders senders) {

    /** Reads them and records every address that is none. */
    static Identities of(OrganizationMailSettingsSpec spec, List<Problem> problems) {
        Identity identity = spec.identity();
        Address from = address("spec.identity.from.address", identity.from(), problems);
        Optional<Address> replyTo = Optional.ofNullable(identity.replyTo())
                .map(r -> address("spec.identity.replyTo.address", r, problems));
        MailAddress.check("spec.identity.envelopeFrom", identity.envelopeFrom(), problems);
        List<String> administrators = spec.administrators() == null ? List.of() : spec.administrators();
        for (int i = 0; i < administrators.size(); i++) {
            MailAddress.check("spec.administrators[" + i + "]", administrators.get(i), problems);
        }
        String envelopeFrom = Optional.ofNullable(identity.envelopeFrom())
                .or(() -> administrators.stream().findFirst())
                .orElse(from.address());
        return new Identities(from, replyTo, envelopeFrom, identity.envelopeFrom() != null,
                Senders.of(identity, problems));
    }

    /** The envelope sender of applications' mail that is sent as {@code from}; empty if that stays. */
    Optional<String> bounceAddress() {
        return declared ? Optional.of(envelopeFrom) : Optional.empty();
    }

    /** The same with From as its envelope sender. */
    Identities bouncingToFrom() {
        return new Identities(from, replyTo, from.address(), false, senders);
    }

    private static Address address(String field, Mailbox mailbox, List<Problem> problems) {
        MailAddress.check(field, mailbox.address(), problems);
        return new Address(mailbox.address(), Optional.ofNullable(mailbox.name()));
    }
}
