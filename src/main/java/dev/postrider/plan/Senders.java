package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettingsSpec.Identity;
import dev.postrider.api.OrganizationMailSettingsSpec.SenderPolicy;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.AllowedSenders.Otherwise;
import dev.postrider.route.CanonicalAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads what an organization's applications may send as. */
final class Senders {
    private static final String FIELD = "spec.identity.allowedSenders";
    private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    private static final Pattern DOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
    private static final int LONGEST_DOMAIN = 253;

    private Senders() {}

    /** Reads them and records each that is none. */
    static AllowedSenders of(Identity identity, List<Problem> problems) {
        List<String> declared = identity.allowedSenders() == null ? List.of() : identity.allowedSenders();
        List<String> patterns = new ArrayList<>();
        for (int i = 0; i < declared.size(); i++) {
            Optional<String> pattern = pattern(declared.get(i));
            if (pattern.isEmpty()) {
                problems.add(new Problem(Area.SPEC, "InvalidSpec", FIELD + "[" + i + "]",
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
        String wildcard = text.startsWith("@*.") ? "*." : "";
        Optional<String> domain = CanonicalAddress.domain(text.substring(at + 1 + wildcard.length()))
                .filter(name -> name.length() <= LONGEST_DOMAIN && DOMAIN.matcher(name).matches());
        return local.isEmpty()
                ? domain.filter(_ -> at == 0).map(name -> "@" + wildcard + name)
                : domain.filter(_ -> MailAddress.isAddress(text)).map(name -> local + "@" + name);
    }
}
