package dev.postrider.cli.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.cli.terminal.Output;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.cli.terminal.TextTable;
import dev.postrider.plan.SenderGrants.Refused;
import dev.postrider.plan.SenderPreview;
import dev.postrider.route.DomainPattern;
import dev.postrider.route.ResourceKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The senders that {@code senderDomains: Granted} would refuse, and the grants that they lack.
 *
 * @param organizations how many were looked at
 */
record SendersReport(int organizations, List<Row> rows) {

    /** A sender of an organization. */
    record Row(ResourceKey organization, Refused refused) {}

    /**
     * Looks at organizations as the policy would.
     *
     * @param servers all that there are
     * @param labels  of a namespace
     */
    static SendersReport of(List<OrganizationMailSettings> organizations, List<MailServer> servers,
            Function<String, Map<String, String>> labels) {
        var preview = new SenderPreview(servers);
        Map<String, Map<String, String>> known = new HashMap<>();
        List<Row> rows = new ArrayList<>();
        for (OrganizationMailSettings organization : organizations) {
            ResourceKey key = new Inspected(organization).key();
            preview.refused(organization, preview.needsLabels()
                    ? known.computeIfAbsent(key.namespace(), labels)
                    : Map.of()).forEach(refused -> rows.add(new Row(key, refused)));
        }
        return new SendersReport(organizations.size(),
                rows.stream().sorted(Comparator.comparing(Row::organization)).toList());
    }

    /** What to put into {@code spec.senders} of a global server, each namespace once. */
    private ArrayNode missing() {
        SortedMap<String, SortedSet<String>> domains = new TreeMap<>();
        for (Row row : rows) {
            DomainPattern.canonical(row.refused.domain())
                    .ifPresent(domain -> domains
                            .computeIfAbsent(row.organization.namespace(), _ -> new TreeSet<>())
                            .add(domain));
        }
        ArrayNode grants = JsonNodeFactory.instance.arrayNode();
        domains.forEach((namespace, all) -> {
            ObjectNode grant = grants.addObject();
            grant.putObject("namespaces").putObject("matchLabels").put("kubernetes.io/metadata.name", namespace);
            all.forEach(grant.putArray("domains")::add);
        });
        return grants;
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode refused = json.putArray("refused");
        rows.forEach(row -> refused.addObject()
                .put("namespace", row.organization.namespace())
                .put("organization", row.organization.name())
                .put("field", row.refused.field())
                .put("sender", row.refused.value())
                .put("domain", row.refused.domain()));
        json.set("senders", missing());
        return json;
    }

    String screen(Terminal terminal) {
        if (rows.isEmpty()) {
            return terminal.good("senderDomains: Granted would refuse no sender of %d organizations.".formatted(
                    organizations));
        }
        long concerned = rows.stream().map(Row::organization).distinct().count();
        List<List<String>> table = new ArrayList<>(
                List.of(List.of("NAMESPACE", "ORGANIZATION", "FIELD", "SENDER", "DOMAIN")));
        rows.forEach(row -> table.add(List.of(row.organization.namespace(), row.organization.name(),
                row.refused.field(), Terminal.printable(row.refused.value()),
                Terminal.printable(row.refused.domain()))));
        String heading = terminal.bad("senderDomains: Granted would refuse senders of %d of %d organizations."
                .formatted(concerned, organizations)) + "\n\n" + TextTable.format(table, terminal).stripTrailing();
        ArrayNode missing = missing();
        return missing.isEmpty()
                ? heading
                : heading + "\n\nAdd to spec of a global MailServer those of these grants that are right:\n\n"
                        + Output.of(JsonNodeFactory.instance.objectNode().set("senders", missing), Output.YAML)
                                .stripTrailing();
    }
}
