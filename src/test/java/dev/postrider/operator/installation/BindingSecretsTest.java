package dev.postrider.operator.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.plan.Binding;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose copy a Secret is, where anybody may write into his Secrets what he likes. */
@Tag("organizations")
final class BindingSecretsTest {
    private static final Binding BINDING = new Binding("acme.mail", Map.of("password", "secret"), Map.of());

    @Test
    void aCopyThatWasMadeIsKnownAsOne() {
        Secret copy = BindingSecrets.copy(BINDING, new ResourceKey("acme", "main"), "shop");

        assertThat(BindingSecrets.copyOf(copy)).contains(new ResourceKey("acme", "main"));
        assertThat(BindingSecrets.owner(copy)).isEmpty();
    }

    @ParameterizedTest(name = "label {0}, copy of {1}, name {2}, type {3}")
    @CsvSource(delimiter = '|', textBlock = """
            copy | acme/main    | acme.mail   | servicebinding.io/smtp | acme/main
            true | acme/main    | acme.mail   | servicebinding.io/smtp |
                 | acme/main    | acme.mail   | servicebinding.io/smtp |
            copy |              | acme.mail   | servicebinding.io/smtp |
            copy | acme/main    | acme.mail   | Opaque                 |
            copy | acme/main    | acme-2.mail | servicebinding.io/smtp |
            copy | acme-2/main  | acme.mail   | servicebinding.io/smtp |
            copy | acme/main    | mail        | servicebinding.io/smtp |
            copy | shop/main    | shop.mail   | servicebinding.io/smtp |
            copy | acme         | acme.mail   | servicebinding.io/smtp |
            copy | acme/        | acme.mail   | servicebinding.io/smtp |
            copy | /main        | .mail       | servicebinding.io/smtp |
            copy | /            | acme.mail   | servicebinding.io/smtp |
            copy | acme/main/x  | acme.mail   | servicebinding.io/smtp |
            copy | Acme/main    | Acme.mail   | servicebinding.io/smtp |
            copy | acme/../main | acme.mail   | servicebinding.io/smtp |
            """)
    void whatOnlySaysThatItIsACopyIsNone(@Nullable String label, @Nullable String of, String name, String type,
            @Nullable String organization) {
        Secret secret = new SecretBuilder().withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .withLabels(label == null ? null : Map.of("postrider.dev/binding", label))
                .withAnnotations(of == null ? null : Map.of("postrider.dev/copy-of", of))
                .endMetadata()
                .withType(type)
                .build();

        assertThat(BindingSecrets.copyOf(secret).map(ResourceKey::toString).orElse(null)).isEqualTo(organization);
    }
}
