package dev.postrider.plan;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the providers of well-known servers document of them, for what a resource leaves open. */
final class KnownServers {
    private KnownServers() {}

    /**
     * The servers of a provider.
     *
     * @param hosts         their names, in lower case and without a final dot
     * @param maxRecipients of one message
     */
    private record Provider(Pattern hosts, int maxRecipients) {
        Provider(String hosts, int maxRecipients) {
            this(Pattern.compile(hosts), maxRecipients);
        }
    }

    /** Those that take fewer than every server must (RFC 5321 section 4.5.3.1.8), each with its source. */
    private static final List<Provider> PROVIDERS = List.of(
            // AWS, "Service quotas in Amazon SES": 50 recipients of a message.
            new Provider("email-smtp(-fips)?\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?", 50),
            // Postmark, "Email API": To, Cc and Bcc of a message name up to 50 recipients, by SMTP too.
            new Provider("smtp(-broadcasts)?\\.postmarkapp\\.com", 50));

    /** How many recipients a message may have at this host, where that is known and fewer than usual. */
    static Optional<Integer> maxRecipients(String host) {
        String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
        return PROVIDERS.stream()
                .filter(provider -> provider.hosts.matcher(name).matches())
                .map(Provider::maxRecipients)
                .findFirst();
    }
}
