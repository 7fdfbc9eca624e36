package dev.postrider.api;

import dev.postrider.api.Condition.Status;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the conditions of a kind say, for people who look it up: the tables of the documentation are written from here,
 * and a plan sets nothing else.
 */
public final class Observations {
    private final Set<ConditionType> stalling;
    private final List<About> all;
    private final Map<ConditionType, Map<Status, Set<String>>> words = new EnumMap<>(ConditionType.class);

    Observations(Set<ConditionType> stalling, List<About> all) {
        this.stalling = stalling;
        this.all = all;
        all.forEach(about -> about.rows().forEach(row -> {
            about.types().forEach(type -> add(type, row.status(), row));
            row.as()
                    .forEach(other -> rows(other)
                            .forEach(of -> about.types().forEach(type -> add(type, row.status(), of))));
            if (row.status() == Status.False) {
                add(ConditionType.Stalled, Status.True, row);
            }
        }));
    }

    private void add(ConditionType type, Status status, Row row) {
        row.reasons()
                .forEach(reason -> words.computeIfAbsent(type, _ -> new EnumMap<>(Status.class))
                        .computeIfAbsent(status, _ -> new HashSet<>())
                        .add(reason.toString()));
    }

    private Stream<Row> rows(ConditionType type) {
        return all.stream().filter(about -> about.types().contains(type)).flatMap(about -> about.rows().stream());
    }

    public static Observations ofMailServer() {
        return MailServerObservations.ALL;
    }

    public static Observations ofOrganization() {
        return OrganizationObservations.ALL;
    }

    public static Observations ofLicenseNotice() {
        return LicenseNoticeObservations.ALL;
    }

    /**
     * What is said of a condition.
     *
     * @param types  one, or several of which the same is said
     * @param remark whose conditions they are, or when they are there; empty where that is always so
     */
    public record About(List<ConditionType> types, String remark, List<Row> rows) {}

    /**
     * What some reasons mean.
     *
     * @param reasons of which this is said; none where the condition is as one of others
     * @param as      those others
     * @param meaning in Markdown, with links as of the folder docs
     * @param remedy  what to do then; empty where there is nothing to do
     */
    public record Row(Status status, List<Reason> reasons, List<ConditionType> as, String meaning, String remedy) {}

    static About about(ConditionType type, String remark, Row... rows) {
        return about(List.of(type), remark, rows);
    }

    static About about(List<ConditionType> types, String remark, Row... rows) {
        return new About(types, remark, List.of(rows));
    }

    static Row row(Status status, Reason reason, String meaning, String remedy) {
        return row(status, List.of(reason), meaning, remedy);
    }

    static Row row(Status status, List<Reason> reasons, String meaning, String remedy) {
        return new Row(status, reasons, List.of(), meaning, remedy);
    }

    static Row as(Status status, List<ConditionType> others, String meaning, String remedy) {
        return new Row(status, List.of(), others, meaning, remedy);
    }

    /** Whether a resource is stalled while its condition is as a row says. */
    public boolean isStalled(About about, Row row) {
        return stalling.containsAll(about.types()) && row.status() == Status.False && !row.reasons().isEmpty()
                && row.reasons().stream().allMatch(Reason::needsPerson);
    }

    /** In the order of the documentation. */
    public List<About> all() {
        return all;
    }

    /** The conditions by which a resource is stalled, where only a person can help. */
    public Set<ConditionType> stalling() {
        return stalling;
    }

    /** Whether a condition may be so for a reason; some say again what others say. */
    public boolean tell(ConditionType type, Status status, String reason) {
        return words.getOrDefault(type, Map.of()).getOrDefault(status, Set.of()).contains(reason);
    }
}
