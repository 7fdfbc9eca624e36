package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.reply.InstallationRules;
import dev.postrider.reply.RuleProblem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What files with values of the chart say that counts without a cluster: what replies of servers mean.
 *
 * @param files    how many were read
 * @param rules    of the last file that has any, as Helm takes them; empty when a file cannot be read
 * @param findings what is wrong, in each file
 */
record ChartValues(int files, Optional<InstallationRules> rules, List<Finding> findings) {
    private static final String RULES = Field.pointerOf(InstallationRules.FIELD);

    /**
     * Reads files; of several, one that has rules replaces those of the files before.
     *
     * @throws IOException if a file is not there
     */
    static ChartValues read(List<Path> files) throws IOException {
        Manifests manifests = Manifests.read(files);
        List<Finding> findings = new ArrayList<>(manifests.findings());
        InstallationRules rules = InstallationRules.NONE;
        for (Document document : manifests.documents()) {
            JsonNode declared = document.json().at(RULES);
            if (!declared.isMissingNode()) {
                rules = InstallationRules.of(declared);
                rules.problems()
                        .forEach(problem -> findings.add(document.error(pointer(problem), problem.message())));
            }
        }
        return new ChartValues(manifests.files(),
                manifests.findings().isEmpty() ? Optional.of(rules) : Optional.empty(), List.copyOf(findings));
    }

    /** What is wrong with rules in the settings that the chart has made of its values, if this is what the text is. */
    static Stream<String> problemsOfSettings(String settings) {
        return new YamlText(settings).trees()
                .stream()
                .limit(1)
                .filter(tree -> tree.json() instanceof ObjectNode)
                .flatMap(tree -> InstallationRules.of(tree.json().at(RULES)).messages().stream());
    }

    private static String pointer(RuleProblem problem) {
        String rule = problem.rule() < 0 ? RULES : Field.pointer(RULES, Integer.toString(problem.rule()));
        return problem.field().isEmpty() ? rule : Field.pointer(rule, problem.field());
    }
}
