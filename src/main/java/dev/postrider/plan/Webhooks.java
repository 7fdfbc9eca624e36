package dev.postrider.plan;

import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.Reason;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.Webhook;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Turns the webhook that an organization declares, with what its Secret holds, into what the relay needs. */
final class Webhooks {
    private static final String FIELD = "spec.events.webhook";

    private Webhooks() {}

    static Optional<OrganizationMailSettingsSpec.Webhook> declared(OrganizationMailSettings organization) {
        return Optional.ofNullable(organization.getSpec().events())
                .flatMap(events -> Optional.ofNullable(events.webhook()));
    }

    /** The webhook; empty if there is none, or something is wrong, and then the problems are recorded. */
    static Optional<Webhook> of(OrganizationMailSettings organization, World world, List<Problem> problems) {
        Optional<OrganizationMailSettingsSpec.Webhook> declared = declared(organization);
        if (declared.isEmpty()) {
            return Optional.empty();
        }
        String url = declared.get().url();
        Optional<String> host = host(url);
        if (host.isEmpty()) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, FIELD + ".url", "\"" + url
                    + "\" is no URL of a host; write it as https://example.com/mail-events"));
            return Optional.empty();
        }
        String namespace = organization.getMetadata().getNamespace();
        Credentials credentials = new Credentials(world, namespace, problems);
        Optional<TlsSettings> tls = Optional.ofNullable(declared.get().tls())
                .map(its -> new TlsDeclaration(world, namespace, credentials, problems).of(FIELD + ".tls", its,
                        host.get()));
        return credentials
                .read(FIELD + ".signingSecretRef", declared.get().signingSecretRef().name(), List.of(host.get()),
                        "signing-key")
                .map(values -> new Webhook(url, values.getFirst(), tls));
    }

    private static Optional<String> host(String url) {
        try {
            return Optional.ofNullable(URI.create(url).getHost());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
