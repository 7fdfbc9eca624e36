package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Reason;
import dev.postrider.route.Preference;
import dev.postrider.route.PreferredServer;
import dev.postrider.route.ServerRest;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Whether mail goes through servers of a later priority, since those of the former ones take none. Said only where
 * servers have different priorities.
 */
final class Backups {
    /** Servers of one priority. */
    private record Level(List<ServerView> servers) {
        String names() {
            return Names.some(servers.stream().map(server -> server.key().toString()).toList());
        }
    }

    private final List<Level> levels;
    private final Function<ServerView, Optional<String>> failing;

    /**
     * @param preference when mail goes through a server
     * @param failing    why a server takes no mail, if that is so
     */
    private Backups(List<ServerView> servers, Function<ServerView, Preference> preference,
            Function<ServerView, Optional<String>> failing) {
        Map<Integer, List<ServerView>> byPriority = new TreeMap<>();
        servers.forEach(
                server -> byPriority.computeIfAbsent(preference.apply(server).priority(), _ -> new ArrayList<>())
                        .add(server));
        this.levels = byPriority.values().stream().map(Level::new).toList();
        this.failing = failing;
    }

    /**
     * Of an organization that names servers. That a global one rests is said by that server: thousands of organizations
     * may name it, and a server that fails and recovers must not write to all of them.
     */
    static Backups ofOrganization(Servers servers, World world) {
        return new Backups(servers.own() ? servers.allowed() : List.of(), server -> servers.preferences()
                .stream()
                .filter(preferred -> preferred.server().equals(server.key()))
                .findFirst()
                .map(PreferredServer::preference)
                .orElse(Preference.DEFAULT),
                server -> servers.globals().contains(server) ? switchedOff(server) : failing(server, world));
    }

    /** Of the global servers, those that are active and have routes. */
    static Backups ofGlobal(List<ServerView> globals, World world) {
        return new Backups(globals, ServerView::preference,
                server -> world.rest(server.key()).map(Backups::rests));
    }

    private static Optional<String> failing(ServerView server, World world) {
        return switchedOff(server).or(() -> world.rest(server.key()).map(Backups::rests));
    }

    private static Optional<String> switchedOff(ServerView server) {
        if (!server.active()) {
            return Optional.of("it is switched off (spec.active)");
        }
        return server.routed() ? Optional.empty() : Optional.of("it is not proved yet");
    }

    private static String rests(ServerRest rest) {
        return "it %s since %s%s".formatted(rest.overRate() ? "is over its rate" : "rests",
                rest.since().truncatedTo(ChronoUnit.SECONDS),
                rest.why().isEmpty() ? "" : ": " + rest.why());
    }

    /** What a status says of it; nothing where all servers have the same priority. */
    Optional<Condition> condition(Conditions conditions, List<Notice> notices) {
        if (levels.size() < 2) {
            return Optional.empty();
        }
        Condition condition = found(conditions);
        if (conditions.isNews(condition)) {
            if (condition.status() == Status.True) {
                notices.add(Notice.warning(Reason.OnBackup, condition.message()));
            } else if (conditions.was(ConditionType.OnBackup, Status.True)) {
                notices.add(Notice.normal(Reason.BackFromBackup, condition.message()));
            }
        }
        return Optional.of(conditions.add(condition));
    }

    private Condition found(Conditions conditions) {
        List<String> why = new ArrayList<>();
        for (Level level : levels) {
            boolean takesMail = false;
            List<String> ofLevel = new ArrayList<>();
            for (ServerView server : level.servers) {
                Optional<String> failure = failing.apply(server);
                takesMail |= failure.isEmpty();
                failure.ifPresent(text -> ofLevel.add("MailServer " + server.key() + ": " + text));
            }
            if (takesMail) {
                return why.isEmpty()
                        ? conditions.of(ConditionType.OnBackup, Status.False, Reason.FirstPriority,
                                "mail goes through servers of the first priority: " + level.names())
                        : conditions.of(ConditionType.OnBackup, Status.True, Reason.FormerPrioritiesFail,
                                "mail goes through %s, since those of a former priority take none; %s"
                                        .formatted(level.names(), told(why)));
            }
            why.addAll(ofLevel);
        }
        return conditions.of(ConditionType.OnBackup, Status.False, Reason.NoServerTakesMail,
                "mail waits, since no server takes any; " + told(why));
    }

    private static String told(List<String> why) {
        int most = 3;
        return why.stream().limit(most).collect(Collectors.joining("; "))
                + (why.size() > most ? "; and " + (why.size() - most) + " more" : "");
    }
}
