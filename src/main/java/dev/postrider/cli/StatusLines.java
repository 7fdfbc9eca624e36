package dev.postrider.cli;

import dev.postrider.api.Condition;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A line for each resource whose condition Ready says something else than before. Not safe for threads. */
final class StatusLines {
    private final Terminal terminal;
    private final Map<String, String> printed = new HashMap<>();

    StatusLines(Terminal terminal) {
        this.terminal = terminal;
    }

    /** What is new since the last time. */
    List<String> news(Snapshot snapshot) {
        List<String> news = new ArrayList<>();
        snapshot.servers().forEach(server -> add("MailServer " + server.key(), server.ready(), news));
        snapshot.organizations()
                .forEach(organization -> add("OrganizationMailSettings " + organization.key(), organization.ready(),
                        news));
        snapshot.licenseNotices()
                .forEach(notice -> add("LicenseExpiryNotice " + notice.key(), notice.ready(), news));
        return news;
    }

    private void add(String resource, Optional<Condition> ready, List<String> news) {
        ready.ifPresent(condition -> {
            String line = resource + ": " + switch (condition.status()) {
                case True -> terminal.good(condition.reason());
                case False -> terminal.bad(condition.reason());
                case Unknown -> terminal.waiting(condition.reason());
            } + ": " + Terminal.printable(condition.message().lines().findFirst().orElse(""));
            if (!line.equals(printed.put(resource, line))) {
                news.add(line);
            }
        });
    }
}
