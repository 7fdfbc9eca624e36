package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.plan.Binding;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Prints what an application finds in the binding of its organization. */
@Command(name = "binding", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Prints what applications of an organization find in the binding that they mount.",
        "The password is masked unless you ask for it."})
public final class BindingCommand implements Callable<Integer> {
    private static final String MASK = "********";

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "The organization: the name of its OrganizationMailSettings.")
    String name;

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "env",
            description = "One of ${COMPLETION-CANDIDATES}, in any case (default: ${DEFAULT-VALUE}).")
    BindingForm format;

    @Option(names = "--show-password", description = "Prints the password too.")
    boolean showPassword;

    @Mixin
    NamespaceOption namespace;

    @Mixin
    ClusterOptions cluster;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        SortedMap<String, String> entries = cluster.with(this::entries);
        if (!showPassword) {
            mask(entries);
        }
        Terminal.of(spec.commandLine()).print(format.write(entries));
        return 0;
    }

    private SortedMap<String, String> entries(KubernetesClient client) throws IOException {
        Inspected found = new Target(Optional.of(Kind.ORGANIZATION), name).find(client, namespace.of(client));
        ResourceKey key = found.key();
        OrganizationMailSettings organization = (OrganizationMailSettings) found.object();
        if (organization.getStatus() == null || organization.getStatus().binding() == null) {
            throw new IOException(found + " has no binding yet: " + found.condition(ConditionType.BindingReady)
                    .map(Condition::message)
                    .orElse("the operator has not looked yet; does it run?"));
        }
        String secretName = organization.getStatus().binding().name();
        Secret secret = client.secrets().inNamespace(key.namespace()).withName(secretName).get();
        if (secret == null) {
            throw new IOException("Secret \"" + secretName + "\" of " + found + " is not there. "
                    + found.condition(ConditionType.BindingReady).map(Condition::message).orElse(""));
        }
        SortedMap<String, String> entries = new TreeMap<>();
        Objects.requireNonNullElse(secret.getData(), Map.<String, String>of())
                .forEach((entry, value) -> entries.put(entry,
                        new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
        return entries;
    }

    /** Wherever it stands: the entry uri holds it too. */
    private static void mask(SortedMap<String, String> entries) {
        String password = entries.getOrDefault(Binding.PASSWORD, "");
        if (!password.isEmpty()) {
            entries.replaceAll((_, value) -> value.replace(password, MASK));
        }
    }
}
