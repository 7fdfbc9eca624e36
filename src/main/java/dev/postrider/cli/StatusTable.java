package dev.postrider.cli;

import dev.postrider.api.Condition;
import dev.postrider.local.Snapshot;
import dev.postrider.route.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Resources and their statuses as {@code kubectl get -A -o wide} would show them. */
final class StatusTable {
    private StatusTable() {}

    static String of(Snapshot snapshot, Terminal terminal) {
        List<List<String>> servers = new ArrayList<>();
        servers.add(List.of("NAMESPACE", "MAIL SERVER", "SCOPE", "SERVER", "ACTIVE", "READY", "REASON", "MESSAGE"));
        for (Snapshot.Server server : snapshot.servers()) {
            servers.add(row(server.key(), server.ready(), String.valueOf(server.spec().scope()),
                    server.status() == null ? "" : text(server.status().server()),
                    String.valueOf(server.spec().active())));
        }
        List<List<String>> organizations = new ArrayList<>();
        organizations
                .add(List.of("NAMESPACE", "ORGANIZATION", "FROM", "SERVERS", "BINDING", "READY", "REASON", "MESSAGE"));
        for (Snapshot.Organization organization : snapshot.organizations()) {
            var status = organization.status();
            organizations.add(row(organization.key(), organization.ready(),
                    organization.spec().identity().from().address(), status == null ? "" : text(status.serverSummary()),
                    status == null || status.binding() == null ? "" : status.binding().name()));
        }
        List<List<String>> notices = new ArrayList<>();
        notices.add(List.of("NAMESPACE", "LICENSE NOTICE", "LICENSE", "EXPIRY", "DAYS LEFT", "READY", "REASON",
                "MESSAGE"));
        for (Snapshot.LicenseNotice notice : snapshot.licenseNotices()) {
            var status = notice.status();
            notices.add(row(notice.key(), notice.ready(), notice.spec().license().name(),
                    status == null ? "" : text(status.expiryDate()),
                    status == null || status.daysLeft() == null ? "" : status.daysLeft().toString()));
        }
        return Stream.of(servers, organizations, notices)
                .filter(rows -> rows.size() > 1)
                .map(rows -> TextTable.format(rows, terminal))
                .collect(Collectors.joining("\n"));
    }

    private static List<String> row(ResourceKey key, Optional<Condition> ready, String third, String fourth,
            String fifth) {
        return List.of(key.namespace(), key.name(), third, fourth, fifth,
                ready.map(condition -> condition.status().name()).orElse("Unknown"),
                ready.map(Condition::reason).orElse("Pending"), ready.map(Condition::message).orElse(""));
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
