package dev.postrider.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.postrider.route.Address;
import dev.postrider.route.AllowedSenders;
import dev.postrider.route.Endpoint;
import dev.postrider.route.MailClass;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.RouteJson;
import dev.postrider.route.ServerRoute;
import dev.postrider.route.TlsSettings;
import dev.postrider.route.UnavailableClasses;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A route as its Secret has it, in YAML, without what every route has: a component that is new changes only the cases
 * that are about it.
 */
final class ShownRoute {
    private static final ResourceKey NOBODY = new ResourceKey("", "");
    private static final JsonNode SERVER = tree(new ServerRoute(NOBODY, false, true,
            new Endpoint.Smtp("", 587, Endpoint.Security.STARTTLS, TlsSettings.DEFAULT, false, Optional.empty(),
                    Optional.empty(), Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(5),
                    Duration.ofMinutes(10), 10, Optional.empty())));
    private static final JsonNode ORGANIZATION = tree(new OrganizationRoute(NOBODY, "", OrganizationRoute.State.OPEN,
            List.of(), new Address("", Optional.empty()), "", Optional.empty(), Optional.empty(),
            Optional.of(AllowedSenders.NONE)).without(
                    new UnavailableClasses(List.of(MailClass.USAGE_REPORT), List.of()))
            .through(List.of()));
    private static final Set<String> SECRETS = Set.of("password", "clientSecret", "refreshToken",
            "signingKey", "privateKey");

    private ShownRoute() {}

    static String of(ServerRoute route) {
        return of(tree(route), SERVER);
    }

    static String of(OrganizationRoute route) {
        return of(tree(route), ORGANIZATION);
    }

    private static String of(JsonNode route, JsonNode usual) {
        String yaml = Serialization.asYaml(without(route, usual))
                .replaceFirst("^---\n", "")
                .replaceAll("\"([\\w@./*+-]+)\"", "$1");
        return "\n" + yaml.lines().map(line -> "    " + line + "\n").collect(Collectors.joining());
    }

    private static JsonNode tree(Object route) {
        return Serialization.unmarshal(RouteJson.write(route), JsonNode.class);
    }

    private static boolean isShown(String name, JsonNode value, @Nullable JsonNode usual) {
        return !name.equals("passwordSha256") && (usual == null ? !isNothing(value) : !value.equals(usual));
    }

    private static JsonNode without(JsonNode route, @Nullable JsonNode usual) {
        return switch (route) {
            case ObjectNode object when object.properties().size() == 2 && object.has("namespace") ->
                TextNode.valueOf(object.get("namespace").textValue() + "/" + object.get("name").textValue());
            case ObjectNode object -> {
                ObjectNode rest = JsonNodeFactory.instance.objectNode();
                object.properties().forEach(entry -> {
                    JsonNode other = usual == null ? null : usual.get(entry.getKey());
                    if (isShown(entry.getKey(), entry.getValue(), other)) {
                        rest.set(entry.getKey(), SECRETS.contains(entry.getKey()) && entry.getValue().isTextual()
                                ? TextNode.valueOf("a secret")
                                : without(entry.getValue(), other));
                    }
                });
                yield rest;
            }
            case ArrayNode array -> {
                ArrayNode rest = JsonNodeFactory.instance.arrayNode();
                array.forEach(element -> rest.add(without(element, null)));
                yield rest;
            }
            case TextNode text when text.textValue().startsWith("-----BEGIN") -> TextNode.valueOf("a PEM text");
            default -> route;
        };
    }

    private static boolean isNothing(JsonNode value) {
        return value.isNull() || (value.isContainerNode() && value.isEmpty())
                || (value.isBoolean() && !value.booleanValue());
    }
}
