package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.Observations;
import dev.postrider.api.Observations.About;
import dev.postrider.api.Observations.Row;
import dev.postrider.api.Reason;
import dev.postrider.route.TestResult;
import dev.postrider.testing.GoldenFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Types and reasons of conditions are what {@link ConditionType} and {@link Reason} say, and nothing else in the code has
 * their words; the tables of the documentation are what {@link Observations} says. With {@code -Dpostrider.write=true}
 * they are written from it.
 */
@Tag("promises")
final class ReasonsAreTheContractTest {
    private static final Path MAIN = Path.of("src/main/java/dev/postrider");
    private static final Path TESTS = Path.of("src/test/java/dev/postrider");
    private static final Path CASES = Path.of("src/test/resources/plan");
    private static final String HEAD = "| type | status | reason | stalled | meaning | what to do |\n|---|---|---|---|---|---|\n";

    /** What a kind's conditions say, and where people read it. */
    record Table(Observations observations, Path file, String heading) {
        @Override
        public String toString() {
            return file + ":" + heading.stripTrailing();
        }
    }

    static Stream<Table> tables() {
        Path resources = Path.of("docs/resources.md");
        return Stream.of(new Table(Observations.ofMailServer(), resources, "\n### Of a MailServer\n"),
                new Table(Observations.ofOrganization(), resources, "\n### Of an OrganizationMailSettings\n"),
                new Table(Observations.ofLicenseNotice(), Path.of("docs/notices.md"), "\n## Status\n"));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void inTheDocumentation(Table table) throws IOException {
        String docs = Files.readString(table.file);
        int heading = docs.indexOf(table.heading);
        assertThat(heading).as(table.file + " has" + table.heading).isPositive();
        int start = docs.indexOf("\n| type |", heading) + 1;
        int end = docs.indexOf("\n\n", start) + 1;
        StringBuilder rows = new StringBuilder(HEAD);
        for (About about : table.observations.all()) {
            String type = about.types().stream().map(each -> "`" + each + "`").collect(Collectors.joining(", "))
                    + (about.remark().isEmpty() ? "" : ", " + about.remark());
            for (Row row : about.rows()) {
                rows.append("| %s | %s | %s | %s | %s | %s |\n".formatted(type, row.status(), reasons(row),
                        stalled(table.observations, about, row), row.meaning(), row.remedy())
                        .replaceAll(" {2,}", " "));
                type = "";
            }
        }

        GoldenFiles.check(table.file, docs.substring(0, start) + rows + docs.substring(end), getClass());
    }

    private static String stalled(Observations known, About about, Row row) {
        return known.isStalled(about, row)
                ? "yes"
                : row.status() == Status.False && row.as().stream().anyMatch(known.stalling()::contains)
                        ? "as there"
                        : "";
    }

    private static String reasons(Row row) {
        return row.as().isEmpty()
                ? row.reasons().stream().map(reason -> "`" + reason + "`").collect(Collectors.joining(", "))
                : (row.as().size() == 1 ? "as " : "any of ")
                        + row.as().stream().map(type -> "`" + type + "`").collect(Collectors.joining(", "));
    }

    /** A row that said of two reasons what is true of one would be told wrong in its column. */
    @ParameterizedTest
    @MethodSource("tables")
    void theReasonsOfARowAreAlikeInWhetherAPersonMustAct(Table table) {
        assertThat(table.observations.all()).filteredOn(
                about -> about.types().stream().anyMatch(table.observations.stalling()::contains))
                .allSatisfy(about -> assertThat(about.rows()).allSatisfy(
                        row -> assertThat(row.reasons().stream().map(Reason::needsPerson).distinct())
                                .hasSizeLessThan(2)));
    }

    /** Each other reason may pass by itself, as what is named may only be late, or is no trouble. */
    @Test
    void aPersonMustActWhereWaitingDoesNotHelp() {
        assertThat(Arrays.stream(Reason.values()).filter(Reason::needsPerson)).map(Reason::toString)
                .containsExactlyInAnyOrder(
                        // what is declared is not valid
                        "InvalidSpec", "TooManyInNamespace", "TooLargeInNamespace", "ScopeNotAllowed", "LinksNotServed",
                        "SupportAddressNotAllowed", "BindingFormatImpossible", "BindingTemplateInvalid",
                        "BindingCopyInvalid", "ServerNotAllowed",
                        // a Secret or a ConfigMap is there, and wrong
                        "SecretNotLabelled", "SecretKeyMissing", "SecretValueEmpty", "SecretValueTooLarge",
                        "SecretValueInvalid", "CertificateInvalid", "PrivateKeyInvalid", "PrivateKeyMismatch",
                        "CertificateBundleTooLarge", "ConfigMapNotLabelled", "ConfigMapKeyMissing", "HostNotAllowed",
                        "SecretExists",
                        // a server refuses
                        "Tls", "Certificate", "Authentication", "SenderRejected", "RecipientRejected",
                        "MessageRejected",
                        // it is too late
                        "NoticeMissed");
    }

    @Test
    void aWordThatIsNotKnownDecidesNothing() {
        assertThat(Reason.of("SecretNotFound")).contains(Reason.SecretNotFound);
        assertThat(Reason.of("ServerNotAllowed")).contains(Reason.ServerNotAllowed);
        assertThat(Reason.of("OfALaterVersion")).isEmpty();
        assertThat(Reason.of("")).isEmpty();
    }

    /** A resource of the plan's cases. */
    private record Planned(String name, Observations known, List<String[]> conditions) {
        boolean is(String type, String status) {
            return conditions.stream().anyMatch(c -> c[0].equals(type) && c[1].equals(status));
        }
    }

    private static final Pattern CONDITION = Pattern.compile("^  ([A-Z]\\w+)=(True|False|Unknown) (\\w+): (.*)$");

    private static List<Planned> planned() throws IOException {
        List<Planned> all = new ArrayList<>();
        for (Path file : files(CASES, "out.txt")) {
            for (String line : Files.readAllLines(file)) {
                var condition = CONDITION.matcher(line);
                if (line.startsWith("MailServer ") || line.startsWith("OrganizationMailSettings ")) {
                    all.add(new Planned(file.getParent().getFileName() + ": " + line, line.startsWith("M")
                            ? Observations.ofMailServer()
                            : Observations.ofOrganization(), new ArrayList<>()));
                } else if (condition.matches()) {
                    all.getLast()
                            .conditions()
                            .add(new String[]{condition.group(1), condition.group(2), condition.group(3),
                                    condition.group(4)});
                }
            }
        }
        return all;
    }

    /** In each case of the plan; where several things are wrong, the first reason alone is told. */
    @Test
    void aResourceIsStalledExactlyWhereItsReasonsSaySo() throws IOException {
        List<Planned> all = planned();
        assertThat(all).hasSizeGreaterThan(100);
        assertThat(all).filteredOn(resource -> !resource.is("DeletionConfirmed", "True"))
                .allSatisfy(resource -> {
                    boolean person = resource.known()
                            .all()
                            .stream()
                            .anyMatch(about -> about.rows()
                                    .stream()
                                    .filter(row -> resource.known().isStalled(about, row))
                                    .anyMatch(row -> resource.conditions()
                                            .stream()
                                            .filter(c -> about.types().contains(ConditionType.valueOf(c[0])))
                                            .filter(c -> c[1].equals("False"))
                                            .anyMatch(c -> row.reasons()
                                                    .stream()
                                                    .anyMatch(reason -> reason.toString().equals(c[2])
                                                            && !isGlobalServerYetToCome(resource, c)))));
                    boolean several = resource.conditions()
                            .stream()
                            .anyMatch(c -> c[0].equals("Ready") && c[3].contains("; spec."));
                    if (person || !several) {
                        assertThat(resource.is("Stalled", "True")).as(resource.name()).isEqualTo(person);
                    }
                });
    }

    /** Its word is that of another reason. */
    private static boolean isGlobalServerYetToCome(Planned resource, String[] condition) {
        return condition[2].equals("ServerNotAllowed") && resource.name().contains("that-is-not-there-yet");
    }

    @Test
    void noReasonIsWithoutAMeaning() {
        Set<Reason> told = EnumSet.noneOf(Reason.class);
        for (Table table : tables().toList()) {
            table.observations.all().forEach(about -> about.rows().forEach(row -> told.addAll(row.reasons())));
        }
        Set<String> events = names(String.join("\n", texts(Path.of("docs"), ".md")), "`([A-Z]\\w+)`");

        assertThat(EnumSet.complementOf(EnumSet.copyOf(told))).as("reasons that no page names")
                .allMatch(reason -> events.contains(reason.toString()));
    }

    @Test
    void eachReasonIsSetSomewhere() {
        JavaClasses classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.postrider");
        JavaClass reasons = classes.get(Reason.class);
        // A status has them as texts, from which the reason is read.
        Set<String> steps = Stream.of(TestResult.Step.values()).map(Enum::name).collect(Collectors.toSet());

        assertThat(Reason.values()).as("reasons that nothing sets")
                .allMatch(reason -> steps.contains(reason.name()) || reasons.getField(reason.name())
                        .getAccessesToSelf()
                        .stream()
                        .anyMatch(use -> !use.getOriginOwner().getPackageName().equals("dev.postrider.api")));
    }

    @Test
    void eachStepOfATestThatFailsIsAReason() {
        assertThat(TestResult.Step.values()).allMatch(step -> Reason.of(step.name()).isPresent());
    }

    @Test
    void eachReasonIsShownByACaseOrATest() throws IOException {
        Set<String> shown = new TreeSet<>();
        planned().forEach(resource -> resource.conditions().forEach(condition -> shown.add(condition[2])));
        shown.addAll(names(String.join("\n", texts(CASES, "out.txt")), "(?m)^  event \\w+ (\\w+): "));
        for (Path file : files(TESTS, ".java")) {
            if (!file.endsWith(getClass().getSimpleName() + ".java")) {
                String code = Files.readString(file);
                shown.addAll(names(code, "Reason\\.(\\w+)"));
                matches(code, "\"\"\"(?s:.*?)\"\"\"|\"(?:[^\"\\\\\n]|\\\\.)*\"")
                        .forEach(literal -> shown.addAll(names(literal.group(), "\\b([A-Z][a-z]\\w+)\\b")));
            }
        }

        assertThat(Reason.values()).as("reasons that no case of the plan comes to and no test names")
                .allMatch(reason -> shown.contains(reason.toString()));
    }

    /**
     * The words in other meanings: settings of the chart, and a header field of HTTP. The relay, messages and transport
     * know no conditions.
     */
    private static final Set<String> OTHER_MEANINGS = Set.of("plan/Installation.java Granted",
            "plan/Installation.java Open", "plan/Installation.java Verified", "http/HttpConnection.java Connection",
            "transport/HttpExchange.java Connection");

    @Test
    void noCodeHasTheWordsBesides() throws IOException {
        Set<String> words = Stream.of(Reason.values(), ConditionType.values())
                .flatMap(Arrays::stream)
                .map(Object::toString)
                .collect(Collectors.toSet());
        Set<String> found = new TreeSet<>();
        for (Path file : files(MAIN, ".java")) {
            String name = MAIN.relativize(file).toString();
            if (name.startsWith("api/")) {
                continue;
            }
            names(Files.readString(file), "\"([A-Z]\\w+)\"").stream()
                    .filter(words::contains)
                    .forEach(word -> found.add(name + " " + word));
        }

        assertThat(found).as("words of conditions as text, in place of Reason and ConditionType")
                .isEqualTo(new TreeSet<>(OTHER_MEANINGS));
    }

    @Test
    void whatArgoCdIsToldToLookForIsThere() throws IOException {
        String check = Files.readString(Path.of("docs/gitops/argocd/health.lua"));

        assertThat(names(check, "reason == \"(\\w+)\"")).isNotEmpty().allMatch(word -> Reason.of(word).isPresent());
        assertThat(names(check, "condition\\(\"(\\w+)\"\\)")).containsExactly("Ready", "Stalled")
                .allMatch(word -> Stream.of(ConditionType.values()).anyMatch(type -> type.name().equals(word)));
    }

    private static Set<String> names(String text, String expression) {
        return matches(text, expression).map(found -> found.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<MatchResult> matches(String text, String expression) {
        return Pattern.compile(expression).matcher(text).results();
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> found = files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
            assertThat(found).isNotEmpty();
            return found;
        }
    }

    private static List<String> texts(Path folder, String ending) {
        try {
            List<String> texts = new ArrayList<>();
            for (Path file : files(folder, ending)) {
                texts.add(Files.readString(file));
            }
            return texts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
