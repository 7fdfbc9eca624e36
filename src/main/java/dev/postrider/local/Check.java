package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.local.Finding.Severity;
import dev.postrider.reply.InstallationRules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Tells without a cluster and without a network what the API server and Postrider would say of manifests. */
public final class Check {
    /** Where Postrider is usually installed, and global servers are honoured. */
    public static final String SYSTEM_NAMESPACE = "postrider-system";

    /** The path that stands for standard input. */
    public static final Path STANDARD_INPUT = Path.of("-");

    private static final String SETTINGS_LABEL = "postrider.dev/settings";
    private static final String SETTINGS_KEY = "settings.yaml";

    private final Kinds kinds = new Kinds();
    private final Set<String> trustedNamespaces;
    private final List<Path> values;

    /**
     * A check of manifests alone.
     *
     * @param trustedNamespaces where the installation honours global servers
     */
    public Check(Set<String> trustedNamespaces) {
        this(trustedNamespaces, List.of());
    }

    /**
     * A check of manifests and of what the chart's values say of replies.
     *
     * @param trustedNamespaces where the installation honours global servers
     * @param values            files with values of the chart
     */
    public Check(Set<String> trustedNamespaces, List<Path> values) {
        this.trustedNamespaces = Set.copyOf(trustedNamespaces);
        this.values = List.copyOf(values);
    }

    /**
     * What came of a check.
     *
     * @param files     how many files were read
     * @param resources how many resources were checked
     * @param others    how many documents were of kinds that are none of Postrider's business
     * @param findings  in the order of files and lines
     */
    public record Report(int files, int resources, int others, List<Finding> findings) {

        public long errors() {
            return count(Severity.ERROR);
        }

        public long warnings() {
            return count(Severity.WARNING);
        }

        private long count(Severity severity) {
            return findings.stream().filter(finding -> finding.severity() == severity).count();
        }
    }

    /**
     * Checks files, the manifests below directories, and {@link #STANDARD_INPUT}.
     *
     * @throws java.nio.file.NoSuchFileException if one of the paths is not there
     * @throws IOException                       if a directory cannot be read
     */
    public Report check(List<Path> paths) throws IOException {
        return read(paths).report();
    }

    /**
     * A resource that the API server would take.
     *
     * @param document where it was found
     * @param resource with its defaults
     */
    record Valid(Document document, ObjectNode resource) {}

    /**
     * What a check found, good and bad.
     *
     * @param rules what replies of servers mean in the installation; empty when that cannot be read
     */
    record Result(Report report, List<Valid> valid, Optional<InstallationRules> rules) {}

    /** Reads and checks as {@link #check}, and keeps what is valid. */
    Result read(List<Path> paths) throws IOException {
        ChartValues chart = ChartValues.read(values);
        Manifests manifests = Manifests.read(paths);
        List<Finding> findings = new ArrayList<>(chart.findings());
        findings.addAll(manifests.findings());
        Map<String, Document> seen = new HashMap<>();
        List<Valid> valid = new ArrayList<>();
        int others = 0;
        for (Document document : manifests.documents()) {
            Optional<KindSchema> schema = kinds.schemaOf(document);
            if (schema.isEmpty()) {
                others++;
                unknown(document).ifPresent(findings::add);
                continue;
            }
            valid(document, schema.get(), findings).ifPresent(resource -> valid.add(new Valid(document, resource)));
            findings.addAll(inSettings(document));
            Document first = seen.put(document.id(), document);
            if (first != null) {
                findings.add(
                        document.error("/metadata/name", "there is a second %s, in %s:%d; the last one applied wins"
                                .formatted(document.id(), first.file(), first.line())));
            }
        }
        Declared declared = Declared.of(valid);
        findings.addAll(new PlanCheck(seen, declared, trustedNamespaces).findings());
        return new Result(new Report(manifests.files() + chart.files(), manifests.documents().size() - others, others,
                findings.stream().sorted().distinct().toList()), valid, chart.rules());
    }

    /** What is wrong with rules for replies in the ConfigMap that the chart writes, as of {@code helm template}. */
    private static List<Finding> inSettings(Document document) {
        boolean settings = document.kind().equals(Kinds.CONFIG_MAP)
                && document.json().at("/metadata/labels").path(SETTINGS_LABEL).asText().equals("true");
        return settings
                ? ChartValues.problemsOfSettings(document.json().at("/data").path(SETTINGS_KEY).asText())
                        .map(problem -> document.error(Field.pointer("/data", SETTINGS_KEY), problem))
                        .toList()
                : List.of();
    }

    /** The resource with its defaults, if nothing is wrong with it; else the findings get what is. */
    private static Optional<ObjectNode> valid(Document document, KindSchema schema, List<Finding> findings) {
        ObjectNode resource = schema.withDefaults(document.json());
        ObjectNode decrypted = resource;
        if (document.encrypted()) {
            findings.add(document.warning("/" + Document.SOPS, "encrypted by SOPS; its values are not checked"));
            decrypted = resource.deepCopy();
            decrypted.remove(Document.SOPS);
        }
        List<Violation> violations = new ArrayList<>(schema.violations(decrypted));
        if (document.kind().equals(Kinds.SECRET) && !document.encrypted()) {
            violations.addAll(notBase64(resource));
        }
        violations.forEach(v -> findings.add(document.error(v.pointer(), v.message())));
        return violations.isEmpty() ? Optional.of(resource) : Optional.empty();
    }

    private static List<Violation> notBase64(ObjectNode secret) {
        List<Violation> violations = new ArrayList<>();
        secret.path("data").properties().forEach(entry -> {
            if (entry.getValue().isTextual() && !isBase64(entry.getValue())) {
                violations.add(new Violation(Field.pointer("/data", entry.getKey()),
                        "Invalid value: not base64 (RFC 4648 section 4); put plain text under stringData instead"));
            }
        });
        return violations;
    }

    private static boolean isBase64(JsonNode value) {
        String text = value.asText().replace("\r", "").replace("\n", "");
        try {
            Base64.getDecoder().decode(text);
            return text.length() % 4 == 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** What is wrong with a document of a kind that is not known, if it looks as if it were meant for Postrider. */
    private Optional<Finding> unknown(Document document) {
        String apiVersion = document.apiVersion();
        if (document.encrypted() && apiVersion.startsWith("ENC[")) {
            return Optional.of(document.error("/apiVersion", "encrypted by SOPS, as perhaps the labels are, which must "
                    + "be readable; set encrypted_regex: ^(data|stringData)$ in .sops.yaml, and encrypt it anew"));
        }
        if (apiVersion.equals(Kinds.API_VERSION)) {
            return Optional.of(document.error("/kind", "Unsupported value: \"%s\"%s".formatted(document.kind(),
                    NearestName.suggestion(document.kind(), kinds.own()))));
        }
        boolean ours = kinds.own().contains(document.kind());
        if (apiVersion.equals("postrider.dev") || apiVersion.startsWith("postrider.dev/")
                || (ours && apiVersion.isEmpty())) {
            return Optional.of(document.error("/apiVersion", "Unsupported value: \"%s\": supported values: \"%s\""
                    .formatted(apiVersion, Kinds.API_VERSION)));
        }
        if (document.kind().isEmpty() == apiVersion.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(document.error(apiVersion.isEmpty() ? "/apiVersion" : "/kind", "Required value"));
    }
}
