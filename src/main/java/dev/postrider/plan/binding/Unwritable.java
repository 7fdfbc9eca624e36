package dev.postrider.plan.binding;

import dev.postrider.api.BindingFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a format cannot say, for its reader would put something else in its place and knows no way to quote it. What a
 * person wrote for the recipients of mail must not make an application read its files or run code.
 */
public final class Unwritable {
    private Unwritable() {}

    /** What hinders; empty when nothing does. Continues a sentence that begins with the format. */
    public static Optional<String> why(BindingFormat format, MailAccount account) {
        if (format == BindingFormat.Alertmanager && account.recipients().isEmpty()) {
            return Optional.of("must know whom to send alerts to; set spec.administrators");
        }
        Stream<String> addresses = Stream.concat(Stream.of(account.from()), account.replyTo().stream())
                .flatMap(address -> Stream.concat(Stream.of(address.address()), address.name().stream()));
        return Stream.concat(addresses, account.envelopeFrom().stream())
                .flatMap(text -> within(format, text))
                .findFirst()
                .or(() -> format == BindingFormat.Alertmanager
                        ? account.recipients().stream().flatMap(text -> within(format, text)).findFirst()
                        : Optional.empty())
                .map(found -> "reads \"%s\" as an expression and cannot be given it in an address or its name; "
                        .formatted(
                                found)
                        + "take it out there, or do without this format");
    }

    private static Stream<String> within(BindingFormat format, String text) {
        return expressions(format).stream().filter(text::contains);
    }

    private static List<String> expressions(BindingFormat format) {
        return switch (format) {
            case SpringBoot -> List.of("${", "#{");
            case Quarkus, Keycloak -> List.of("${");
            case Grafana -> List.of("${", "$__", "%(");
            case Alertmanager -> List.of("{{");
            // A value that needs quotes is written in grave accents, and cannot hold them then.
            case Gitea -> List.of("%(", "`");
            case Environment, Django, Rails, Laravel, Node, DotNet, GitLab, Nextcloud, Discourse, Msmtp, Postfix ->
                List.of();
        };
    }
}
