package dev.postrider.api;

import static java.util.Map.entry;

import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What people are told of a text that does not have the form of its field. The API server shows nothing but the regular
 * expression of a {@code pattern}, so each becomes a rule with a message, before it rules for mistakes that people make.
 */
final class TextForms {
    private static final String NO_CONTROL = "must not hold control characters or line breaks";
    private static final String DURATION = "must be a duration: a number and a unit (%s), as %s";

    /**
     * A mistake.
     *
     * @param made    whether it is made, in CEL
     * @param message what to write
     */
    private record Mistake(String made, String message) {}

    /** By patterns. */
    private static final Map<String, String> FORMS = Map.ofEntries(
            entry("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$|"
                    + "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?$",
                    "must be a host name or an IP address: use mail.example.com, 192.0.2.25 or 2001:db8::25"),
            entry(Mailbox.ADDRESS, "must be a mail address, without hidden characters: use info@example.com"),
            entry("^[^" + Mailbox.HIDDEN + "]*$",
                    "must not hold control characters, line breaks or characters that change the direction of writing"),
            entry("^[^\\x00-\\x1f\\x7f]*$", NO_CONTROL),
            entry(Smtp.TIMEOUT, DURATION.formatted("ms, s, m or h", "500ms, 30s or 5m; not 0, and at most 1h")),
            entry(Authentication.DELAY, DURATION.formatted("ms or s", "500ms or 5s; at most 600s")),
            entry(Authentication.A_DAY, DURATION.formatted("s, m or h", "30s or 10m; at most 24h")),
            entry("^([0-9]{1,7}s|[0-9]{1,5}m|[0-9]{1,3}h)$", DURATION.formatted("s, m or h", "30m or 24h")),
            entry("^https://[^\\s/?#]+(/[^\\s#]*)?$",
                    "must be a URL with https: use https://login.example.com/oauth2/token"),
            entry("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
                    "must be the name of an object: lower-case letters, digits, \"-\" and \".\", as mail-login"),
            entry("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                    "must be the name of a namespace: lower-case letters, digits and \"-\", as team-a"),
            entry("^[-._a-zA-Z0-9]+$", "must be a key: letters, digits, \"-\", \"_\" and \".\", as ca.crt"),
            entry("^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", "must be a language tag (BCP 47): use de or de-AT"),
            entry("^[A-Za-z][A-Za-z0-9_+/-]*$", "must be a time zone (IANA): use Europe/Berlin or UTC"),
            entry("^([01][0-9]|2[0-3]):[0-5][0-9]$", "must be a time of the day from 00:00 to 23:59: use 08:30"),
            entry(LicenseExpiryNoticeSpec.RECIPIENTS,
                    "must be mail addresses without names, with commas or semicolons between several: use "
                            + "it@example.com, boss@example.com"),
            entry("^[A-Za-z0-9][A-Za-z0-9.-]*$",
                    "must be the tenant's ID or one of its domains: use contoso.onmicrosoft.com"),
            entry("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
                    "must be a host name as certificates have it: use mail.example.com"),
            entry("^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{64}$",
                    "must be a SHA-256 in 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 shows it"),
            entry(OrganizationMailSettingsSpec.SENDER,
                    "must be an address, a domain or its subdomains, without hidden characters: use sales@example.com, "
                            + "@example.com or @*.example.com"),
            entry("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
                    "must be a selector: letters, digits and \"-\", with dots between them, as mail1"),
            entry("^[^\\s@.<>\"" + Mailbox.HIDDEN + "]+([.][^\\s@.<>\"" + Mailbox.HIDDEN + "]+)*$",
                    "must be a domain: use example.com"),
            entry("^[0-9]{1,2} [0-9]{1,2} [0-9]{1,2} [^ \\s]+ [^ \\s]+ [^ \\s]+( [^ \\s]+)?$",
                    "must be second, minute, hour, day of the month, month and day of the week, the first three as "
                            + "numbers: use 0 0 8 1 * ? for 08:00 on the first of each month"),
            entry("^https?://[^/\\s@?#]+([/?][^\\s#]*)?$",
                    "must be a URL with https, or http where that is allowed, without a user name or a fragment: use "
                            + "https://events.example.com/mail"),
            entry("^https://[^\\s\"<>@/?#\\x00-\\x1f\\x7f]+([/?#][^\\s\"<>\\x00-\\x1f\\x7f]*)?$",
                    "must be a URL with https and without a user name: use https://$[link_host]/reset?token={token}"),
            entry("^(/[A-Za-z0-9._-]+)+$",
                    "must be an absolute path of letters, digits, \".\", \"_\" and \"-\", without a slash at its end: use "
                            + "/etc/mail-binding"),
            entry("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^\\[(IPv6:)?[0-9A-Fa-f:.]+\\]$",
                    "must be a host name, or an address in brackets: use relay.example.com or [192.0.2.25]"));

    private static final Map<String, List<Mistake>> MISTAKES = Map.of(
            "must be a host name or an IP address", List.of(
                    new Mistake("self.contains('://')",
                            "must not begin with a scheme such as smtps://: use mail.example.com"),
                    new Mistake("self.startsWith('[')",
                            "must be an IPv6 address without brackets: use 2001:db8::25, and set port beside it"),
                    new Mistake("self.matches('^[^:/]+:[0-9]+$')",
                            "must not hold a port: use mail.example.com, and set port beside it")),
            "must be a mail address, without", List.of(
                    new Mistake("self.matches('@.*@')",
                            "must be one address; where a list is taken, write each address as an entry of its own"),
                    new Mistake("self.matches('^[^@]*[<>\\\\s][^@]*@[^@]*$|^[^@]+@[^@]*[<>\\\\s]')",
                            "must be an address alone, without a name, spaces, \"<\" or \">\": use info@example.com")));

    private TextForms() {}

    /** Puts rules in place of all patterns below a schema. */
    static void explain(JSONSchemaProps schema) {
        if (schema.getPattern() != null) {
            List<ValidationRule> rules = new ArrayList<>(rules(schema.getPattern()));
            rules.addAll(schema.getXKubernetesValidations());
            schema.setXKubernetesValidations(rules);
            schema.setPattern(null);
        }
        schema.getProperties().values().forEach(TextForms::explain);
        if (schema.getItems() != null) {
            explain(schema.getItems().getSchema());
        }
    }

    /** No two fail together; the last is for what is none of the known mistakes. */
    private static List<ValidationRule> rules(String pattern) {
        String message = Optional.ofNullable(FORMS.get(pattern))
                .orElseThrow(() -> new IllegalStateException("no message for the pattern " + pattern));
        List<Mistake> mistakes = MISTAKES.entrySet()
                .stream()
                .filter(known -> message.startsWith(known.getKey()))
                .flatMap(known -> known.getValue().stream())
                .toList();
        List<ValidationRule> rules = new ArrayList<>();
        StringBuilder before = new StringBuilder();
        for (Mistake mistake : mistakes) {
            rules.add(rule(before + "!" + mistake.made(), mistake.message()));
            before.append(mistake.made()).append(" || ");
        }
        rules.add(rule(before + "self.matches(r'" + pattern + "')", message));
        return rules;
    }

    private static ValidationRule rule(String rule, String message) {
        return new ValidationRuleBuilder().withRule(rule).withMessage(message).build();
    }
}
