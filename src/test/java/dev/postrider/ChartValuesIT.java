package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.operator.installation.Settings;
import dev.postrider.operator.relay.RelayWorkload;
import dev.postrider.route.RouteJson;
import dev.postrider.testing.HelmChart;
import dev.postrider.transport.GraphEndpoints;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * No value of the chart does nothing: each leaf of its schema is given another valid value, and then an object of the
 * chart or of the relay is another one. That an entry of the operator's settings is another one does not count.
 */
@Tag("promises")
final class ChartValuesIT {
    /** All that can be switched on, so that what belongs to it has an effect. */
    private static final String EVERYTHING = """
            crds: {install: false}
            replicas: 2
            serviceMonitor: {enabled: true}
            prometheusRule: {enabled: true}
            grafanaDashboard: {enabled: true}
            defaultServer: {secretName: login, senderAddress: a@example.com, testRecipient: b@example.com}
            relay:
              queue: {url: "postgresql://db/queue", secretName: db}
              certificate: {secretName: tls, issuerRef: {name: letsencrypt}}
              links: {enabled: true, s3: {endpoint: "https://s3.example.com", bucket: mail, secretName: s3}}
              delivery: {serverRest: 1s}
              autoscaling: {enabled: true}
            """;
    /** What excludes something of the above. */
    private static final List<String> OTHERWISE = List.of("relay: {queue: {url: \"postgresql://db/queue\", "
            + "secretName: db}}", "crds: {install: true}");

    /** Of values whose schema leaves their form to Kubernetes, by the ends of their names. */
    private static final Map<String, String> FREE = Map.of(
            "imagePullSecrets", "[{name: registry}]",
            "resources", "{limits: {cpu: 7}}",
            "nodeSelector", "{disk: fast}",
            "tolerations", "[{key: dedicated, operator: Exists}]",
            "affinity", "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
                    + "[{matchExpressions: [{key: a, operator: Exists}]}]}}}",
            "replyRules", "[{codes: [451], class: RateLimited, action: Retry}]",
            "topologySpreadConstraints", "[{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]");
    /** Texts, of which each pattern of the schema allows one. */
    private static final List<String> TEXTS = List.of("other", "other@example.com", "7s", "7Gi", "other:3310",
            "https://other.example.com", "postgresql://other/queue", "10.7.0.0/16");

    /** Not the chart's own: Helm gives it to every chart that is part of another. */
    private static final String OF_HELM = "/global";

    @TempDir
    Path folder;

    private JsonNode schema;
    private JsonNode defaults;

    @Test
    void eachOneHasAnEffect() throws IOException {
        schema = new JsonMapper().readTree(Files.readString(Path.of("helm/postrider/values.schema.json")));
        defaults = yaml(Files.readString(Path.of("helm/postrider/values.yaml")));
        Map<String, JsonNode> leaves = new LinkedHashMap<>();
        collect("", schema, leaves);
        leaves.remove(OF_HELM);
        assertThat(leaves).hasSizeGreaterThan(80);

        List<String> idle = new ArrayList<>(leaves.keySet());
        for (String base : Stream.concat(Stream.of(EVERYTHING), OTHERWISE.stream()).toList()) {
            idle = idle(idle, leaves, yaml(base));
        }

        assertThat(idle).as("values of the chart that change nothing").isEmpty();
    }

    /** Those that have no effect. */
    private List<String> idle(List<String> names, Map<String, JsonNode> leaves, JsonNode base) throws IOException {
        List<JsonNode> values = new ArrayList<>(List.of(base));
        for (String name : names) {
            values.add(with(base, name, another(name, leaves.get(name), present(base, name))));
        }
        List<String> effects = new ArrayList<>();
        for (List<String> objects : HelmChart.render(Files.createTempDirectory(folder, "helm"), values)) {
            effects.add(effect(objects));
        }
        return names.stream().filter(name -> effects.get(names.indexOf(name) + 1).equals(effects.getFirst())).toList();
    }

    /** The objects of the chart but for the operator's settings, and what the operator makes by those for the relay. */
    private static String effect(List<String> objects) {
        List<String> effect = new ArrayList<>();
        for (String object : objects) {
            if (object.contains(Settings.LABEL + ": \"true\"")) {
                ConfigMap map = Serialization.unmarshal(object, ConfigMap.class);
                map.getMetadata().setUid("1");
                Settings settings = Settings.of(map);
                Settings.Relay relay = settings.relay();
                new RelayWorkload("mail", settings, "image", map, GraphEndpoints.MICROSOFT).objects()
                        .forEach(made -> effect.add(Serialization.asYaml(made)));
                effect.add(RelayWorkload.bindingHost("mail", relay));
                effect.add(RouteJson.write(RelayWorkload.configuration("mail", relay)));
                // Of these the operator makes no object: that it reads them is held by SettingsAreReadTest.
                effect.add(relay.certificate() + " " + settings.support() + " " + settings.globalServerPolicy() + " "
                        + settings.senderDomains() + " " + relay.configuration().links().sharedHosts() + " "
                        + relay.replyRules().valid());
            } else {
                effect.add(object);
            }
        }
        return String.join("\n---\n", effect);
    }

    private void collect(String name, JsonNode of, Map<String, JsonNode> leaves) {
        JsonNode node = resolved(of);
        if (node.has("properties")) {
            node.get("properties").properties().forEach(e -> collect(name + "/" + e.getKey(), e.getValue(), leaves));
        } else {
            leaves.put(name, node);
        }
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? schema.at(node.get("$ref").asText().substring(1)) : node;
    }

    private JsonNode present(JsonNode base, String name) {
        return base.at(name).isMissingNode() ? defaults.at(name) : base.at(name);
    }

    private JsonNode another(String name, JsonNode leaf, JsonNode now) {
        String free = FREE.get(name.substring(name.lastIndexOf('/') + 1));
        if (free != null) {
            return yaml(free);
        }
        if (leaf.has("enum")) {
            return stream(leaf.get("enum")).filter(value -> !value.equals(now)).findFirst().orElseThrow();
        }
        ObjectNode holder = new JsonMapper().createObjectNode();
        return switch (leaf.at("/type").asText()) {
            case "boolean" -> holder.put("v", !now.asBoolean()).get("v");
            case "integer" -> holder.put("v", number(leaf, now)).get("v");
            case "string" -> holder.put("v", text(name, leaf, now)).get("v");
            case "array" -> holder.putArray("v").add(another(name, resolved(leaf.get("items")), defaults.at("/none")));
            case "object" -> holder.putObject("v").put("other", "value");
            default -> throw new AssertionError(name + ": no other value is known for " + leaf);
        };
    }

    private static long number(JsonNode leaf, JsonNode now) {
        long more = Math.max(now.asLong(), leaf.at("/minimum").asLong()) + 1;
        return more <= leaf.at("/maximum").asLong(Long.MAX_VALUE) ? more : now.asLong() - 1;
    }

    private static String text(String name, JsonNode leaf, JsonNode now) {
        return TEXTS.stream()
                .filter(text -> !text.equals(now.asText()))
                .filter(text -> !leaf.has("pattern") || text.matches(leaf.get("pattern").asText()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + ": no text is known that matches " + leaf));
    }

    private static JsonNode with(JsonNode base, String name, JsonNode value) {
        ObjectNode changed = base.deepCopy();
        ObjectNode parent = changed;
        String[] path = name.substring(1).split("/", -1);
        for (int i = 0; i < path.length - 1; i++) {
            parent = parent.withObjectProperty(path[i]);
        }
        parent.set(path[path.length - 1], value);
        return changed;
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return Optional.of((ArrayNode) array).stream().flatMap(ArrayNode::valueStream);
    }

    private static JsonNode yaml(String text) {
        try {
            return new YAMLMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
