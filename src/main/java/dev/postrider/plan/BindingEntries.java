package dev.postrider.plan;

import dev.postrider.api.BindingFormat;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.Reason;
import dev.postrider.plan.Installation.RelayAddress;
import dev.postrider.plan.binding.MailAccount;
import dev.postrider.plan.binding.OwnEntry;
import dev.postrider.plan.binding.ReadyMadeEntries;
import dev.postrider.plan.binding.Unwritable;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a binding holds beside the entries of the Service Binding specification, as {@code spec.binding} asks for it. */
final class BindingEntries {
    private static final String MOUNT_PATH = "/etc/mail-binding";

    /** As long as a real one. */
    private static final String SPECIMEN = "x".repeat(43);

    private static final String LINK_HOST = "link-host";
    private static final String PASSWORD_RECOVERY_URL = "password-recovery-url";
    private static final Set<String> KEYS = Stream
            .of(Binding.KEYS.stream(), Stream.of(LINK_HOST, PASSWORD_RECOVERY_URL),
                    Arrays.stream(Capability.values()).map(Capability::bindingKey))
            .flatMap(keys -> keys)
            .collect(Collectors.toUnmodifiableSet());

    private BindingEntries() {}

    static MailAccount account(ResourceKey organization, OrganizationMailSettingsSpec spec, Identities identity,
            RelayAddress relay, String password) {
        return new MailAccount(relay.host(), relay.port(), RelayLogin.of(organization), password, identity.from(),
                identity.replyTo(), identity.bounceAddress(),
                Objects.requireNonNullElse(spec.administrators(), List.of()),
                Optional.ofNullable(spec.binding())
                        .map(OrganizationMailSettingsSpec.Binding::mountPath)
                        .orElse(MOUNT_PATH),
                relay.caCertificate());
    }

    /** Records what cannot be written; looked for without a password, and also where there is no relay yet. */
    static void check(ResourceKey organization, OrganizationMailSettingsSpec spec, Identities identity,
            Installation installation, List<Problem> problems) {
        RelayAddress relay = installation.relay().orElseGet(() -> new RelayAddress("relay", 587, Optional.empty()));
        MailAccount account = account(organization, spec, identity, relay, SPECIMEN);
        List<BindingFormat> formats = formats(spec);
        Map<String, BindingFormat> taken = new TreeMap<>();
        for (int i = 0; i < formats.size(); i++) {
            BindingFormat format = formats.get(i);
            String field = "spec.binding.formats[" + i + "]";
            Optional<String> why = Unwritable.why(format, account);
            if (why.isPresent()) {
                problems.add(problem(Reason.BindingFormatImpossible, field, format + " " + why.get()));
            } else {
                ReadyMadeEntries.of(format, account).keySet().forEach(key -> taken.put(key, format));
            }
        }
        template(spec).forEach((key, text) -> {
            String field = "spec.binding.template";
            String name = "\"" + key + "\" ";
            Optional<String> wrong = OwnEntry.problem(key, text, account);
            if (wrong.isPresent()) {
                problems.add(problem(Reason.BindingTemplateInvalid, field, name + wrong.get()));
            } else if (KEYS.contains(key)) {
                problems.add(problem(Reason.BindingTemplateInvalid, field,
                        name + "is the key of an entry that bindings have anyway; choose another one"));
            } else if (taken.containsKey(key)) {
                problems.add(problem(Reason.BindingTemplateInvalid, field,
                        name + "is the key of an entry of format %s; choose another one".formatted(taken.get(key))));
            }
        });
    }

    /** The entries, where nothing was found to be wrong. */
    static Map<String, String> of(OrganizationMailSettingsSpec spec, MailAccount account, OrganizationLinks links,
            CapabilitiesNow capabilities) {
        Map<String, String> entries = new TreeMap<>(capabilities.entries());
        links.host().ifPresent(host -> entries.put(LINK_HOST, host));
        links.passwordRecoveryUrl().ifPresent(url -> entries.put(PASSWORD_RECOVERY_URL, url));
        formats(spec).forEach(format -> entries.putAll(ReadyMadeEntries.of(format, account)));
        template(spec).forEach((key, text) -> entries.put(key, OwnEntry.text(text, account)));
        return entries;
    }

    private static List<BindingFormat> formats(OrganizationMailSettingsSpec spec) {
        return spec.binding() == null ? List.of() : Objects.requireNonNullElse(spec.binding().formats(), List.of());
    }

    private static Map<String, String> template(OrganizationMailSettingsSpec spec) {
        return spec.binding() == null || spec.binding().template() == null
                ? Map.of()
                : new TreeMap<>(spec.binding().template());
    }

    private static Problem problem(Reason reason, String field, String message) {
        return new Problem(Problem.Area.SPEC, reason, field, message);
    }
}
