package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.Reason;
import dev.postrider.cli.cluster.Attention.Level;
import dev.postrider.local.Snapshot;
import io.fabric8.kubernetes.client.CustomResource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What there is of Postrider's in a namespace, or in all.
 *
 * @param namespace empty for all
 * @param resources by kind, namespace and name
 * @param next      says what to do
 */
record StatusReport(Optional<String> namespace, List<Inspected> resources, QueueCounts queue, NextStep next) {

    static StatusReport of(Optional<String> namespace, List<? extends CustomResource<?, ?>> resources,
            QueueCounts queue, NextStep next) {
        return new StatusReport(namespace,
                resources.stream()
                        .map(Inspected::new)
                        .sorted(Comparator.comparing(Inspected::kind).thenComparing(Inspected::key))
                        .toList(),
                queue, next);
    }

    /** What matters most first. */
    List<Attention> attentions() {
        return resources.stream()
                .flatMap(resource -> Attention.of(resource, next).stream())
                .sorted(Comparator.comparing(Attention::level))
                .toList();
    }

    long notReady() {
        return attentions().stream().filter(attention -> attention.level() != Level.NOTE).count();
    }

    Snapshot snapshot() {
        return new Snapshot(all(MailServer.class)
                .map(some -> new Snapshot.Server(new Inspected(some).key(), some.getSpec(), some.getStatus()))
                .toList(),
                all(OrganizationMailSettings.class)
                        .map(some -> new Snapshot.Organization(new Inspected(some).key(), some.getSpec(),
                                some.getStatus()))
                        .toList(),
                all(LicenseExpiryNotice.class)
                        .map(some -> new Snapshot.LicenseNotice(new Inspected(some).key(), some.getSpec(),
                                some.getStatus()))
                        .toList(),
                true);
    }

    private <T> Stream<T> all(Class<T> type) {
        return resources.stream().map(Inspected::object).filter(type::isInstance).map(type::cast);
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("ready", notReady() == 0);
        ArrayNode attentions = json.putArray("attention");
        for (Attention attention : attentions()) {
            about(attentions.addObject(), attention.about()).put("level", attention.level().name())
                    .put("reason", attention.reason())
                    .put("message", attention.message())
                    .put("next", attention.next());
        }
        ArrayNode all = json.putArray("resources");
        for (Inspected resource : resources) {
            Optional<Condition> ready = resource.condition(ConditionType.Ready);
            about(all.addObject(), resource).put("ready", ready.map(c -> c.status().name()).orElse("Unknown"))
                    .put("reason", ready.map(Condition::reason).orElse(Reason.Pending.toString()))
                    .put("message", ready.map(Condition::message).orElse(""));
        }
        switch (queue) {
            case QueueCounts.Untold untold -> json.putObject("queue").put("notTold", untold.why());
            case QueueCounts.Counted counted -> {
                ObjectNode told = json.putObject("queue").put("complete", counted.complete());
                ArrayNode rows = told.putArray("organizations");
                for (QueueCounts.Row row : counted.rows()) {
                    ObjectNode node = rows.addObject().put("organization", row.organization());
                    for (QueueCounts.State state : QueueCounts.State.values()) {
                        node.put(state.text(), row.of(state));
                    }
                    node.put("oldest", row.oldest().toString());
                }
            }
        }
        return json;
    }

    private static ObjectNode about(ObjectNode node, Inspected resource) {
        return node.put("kind", resource.kind().kind())
                .put("namespace", resource.key().namespace())
                .put("name", resource.key().name());
    }
}
