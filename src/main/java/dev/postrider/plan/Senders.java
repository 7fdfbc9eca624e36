package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsSpec.Identity;
import dev.postrider.api.OrganizationMailSettingsSpec.SenderPolicy;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.DomainPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads what an organization's applications may send as. */
final class Senders {
    private static final String FIELD = "spec.identity.allowedSenders";

    private Senders() {}

    /** Reads them and records each that is none. */
    static AllowedSenders of(Identity identity, List<Problem> problems) {
        List<String> declared = identity.allowedSenders() == null ? List.of() : identity.allowedSenders();
        List<String> patterns = new ArrayList<>();
        for (int i = 0; i < declared.size(); i++) {
            Optional<String> pattern = pattern(declared.get(i));
            if (pattern.isEmpty()) {
                problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, FIELD + "[" + i + "]",
                        "\"%s\" is no sender; write an address as sales@acme.example, a domain as @acme.example, or "
                                .formatted(declared.get(i)) + "the subdomains of one as @*.acme.example"));
            }
            pattern.ifPresent(patterns::add);
        }
        return new AllowedSenders(List.copyOf(patterns),
                identity.senderPolicy() == SenderPolicy.Rewrite ? Otherwise.REWRITE : Otherwise.REFUSE);
    }

    /** With its domain as it is compared. */
    private static Optional<String> pattern(String text) {
        int at = text.lastIndexOf('@');
        String local = text.substring(0, Math.max(at, 0));
        Optional<String> domain = DomainPattern.canonical(text.substring(at + 1))
                .filter(pattern -> local.isEmpty() || !pattern.startsWith("*"));
        return local.isEmpty()
                ? domain.filter(_ -> at == 0).map(name -> "@" + name)
                : domain.filter(_ -> MailAddress.isAddress(text)).map(name -> local + "@" + name);
    }
}
