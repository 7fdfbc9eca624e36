package dev.postrider.cli.cluster;

import dev.postrider.api.Condition;
import dev.postrider.api.Reason;
import dev.postrider.cli.terminal.Age;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.cli.terminal.TextTable;
import dev.postrider.local.Snapshot;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Resources and their statuses as {@code kubectl get} would show them.
 *
 * @param without columns that are left out
 * @param now     for what is told as an age
 */
public record StatusTable(Set<String> without, Instant now) {
    static final String NAMESPACE = "NAMESPACE";
    static final String MESSAGE = "MESSAGE";
    private static final String TESTED = "TESTED";
    private static final String NEXT_NOTICE = "NEXT NOTICE";

    private static final List<String> SERVERS = List.of(NAMESPACE, "MAIL SERVER", "SCOPE", "SERVER", "ACTIVE", TESTED,
            "READY", "REASON", MESSAGE);
    private static final List<String> ORGANIZATIONS = List.of(NAMESPACE, "ORGANIZATION", "FROM", "SERVERS", "BINDING",
            "READY", "REASON", MESSAGE);
    private static final List<String> NOTICES = List.of(NAMESPACE, "LICENSE NOTICE", "LICENSE", "EXPIRY", "DAYS LEFT",
            NEXT_NOTICE, "READY", "REASON", MESSAGE);

    /** With namespaces and messages, as {@code kubectl get -A -o wide}. */
    public static String wide(Snapshot snapshot, Terminal terminal) {
        return new StatusTable(Set.of(TESTED, NEXT_NOTICE), Instant.EPOCH).of(snapshot, terminal);
    }

    String of(Snapshot snapshot, Terminal terminal) {
        List<List<String>> servers = new ArrayList<>(List.of(SERVERS));
        for (Snapshot.Server server : snapshot.servers()) {
            var status = server.status();
            servers.add(row(server.key(), server.ready(), String.valueOf(server.spec().scope()),
                    status == null ? "" : text(status.server()), String.valueOf(server.spec().active()),
                    status == null || status.testSend() == null
                            ? ""
                            : Age.since(Instant.parse(status.testSend().time()), now) + " ago"));
        }
        List<List<String>> organizations = new ArrayList<>(List.of(ORGANIZATIONS));
        for (Snapshot.Organization organization : snapshot.organizations()) {
            var status = organization.status();
            organizations.add(row(organization.key(), organization.ready(),
                    organization.spec().identity().from().address(), status == null ? "" : text(status.serverSummary()),
                    status == null || status.binding() == null ? "" : status.binding().name()));
        }
        List<List<String>> notices = new ArrayList<>(List.of(NOTICES));
        for (Snapshot.LicenseNotice notice : snapshot.licenseNotices()) {
            var status = notice.status();
            notices.add(row(notice.key(), notice.ready(), notice.spec().license().name(),
                    status == null ? "" : text(status.expiryDate()),
                    status == null || status.daysLeft() == null ? "" : status.daysLeft().toString(),
                    status == null || status.nextNotice() == null ? "" : status.nextNotice().time()));
        }
        return Stream.of(servers, organizations, notices)
                .filter(rows -> rows.size() > 1)
                .map(rows -> TextTable.format(narrow(rows), terminal))
                .collect(Collectors.joining("\n"));
    }

    private List<List<String>> narrow(List<List<String>> rows) {
        int[] columns = IntStream.range(0, rows.getFirst().size())
                .filter(column -> !without.contains(rows.getFirst().get(column)))
                .toArray();
        return rows.stream().map(row -> IntStream.of(columns).mapToObj(row::get).toList()).toList();
    }

    private static List<String> row(ResourceKey key, Optional<Condition> ready, String... more) {
        List<String> row = new ArrayList<>(List.of(key.namespace(), key.name()));
        for (String cell : more) {
            row.add(Terminal.printable(cell));
        }
        row.add(ready.map(condition -> condition.status().name()).orElse("Unknown"));
        row.add(ready.map(Condition::reason).orElse(Reason.Pending.toString()));
        row.add(Terminal.printable(ready.map(Condition::message).orElse("")));
        return row;
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
