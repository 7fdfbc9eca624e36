package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.api.Reason;
import dev.postrider.plan.Installation;
import dev.postrider.plan.Installation.SupportSettings;
import dev.postrider.plan.LicenseNoticePlan;
import dev.postrider.plan.MailServerPlan;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.Problem;
import dev.postrider.route.ResourceKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the plan has against resources that the schema takes: references, addresses, what is in Secrets. */
final class PlanCheck {
    private final Map<String, Document> documents;
    private final Declared declared;
    private final FilesAsWorld world;

    /**
     * @param documents         the documents by {@code kind namespace/name}
     * @param declared          those of them that are valid
     * @param trustedNamespaces where global servers are honoured
     */
    PlanCheck(Map<String, Document> documents, Declared declared, Set<String> trustedNamespaces) {
        this.documents = documents;
        this.declared = declared;
        this.world = new FilesAsWorld(declared, Instant.EPOCH,
                new Installation(trustedNamespaces, true, Optional.empty(), true, SupportSettings.OWN, "check"));
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        declared.servers().forEach((key, server) -> {
            Document document = document(Kinds.MAIL_SERVER, key);
            MailServerPlan.problems(server, world)
                    .forEach(problem -> finding(document, problem).ifPresent(findings::add));
            MailServerPlan.warnings(server)
                    .forEach(warning -> findings
                            .add(document.warning(Field.pointerOf(warning.field()), warning.message())));
        });
        declared.organizations().forEach((key, organization) -> {
            Document document = document(Kinds.ORGANIZATION, key);
            OrganizationPlan.problems(organization, world)
                    .forEach(problem -> finding(document, problem).ifPresent(findings::add));
        });
        declared.licenseNotices().forEach((key, notice) -> {
            Document document = document(Kinds.LICENSE_NOTICE, key);
            LicenseNoticePlan.problems(notice, world)
                    .forEach(problem -> finding(document, problem).ifPresent(findings::add));
        });
        return findings;
    }

    private Document document(String kind, ResourceKey key) {
        Document document = documents.get(kind + " " + key);
        if (document == null) {
            throw new IllegalStateException("no document of " + kind + " " + key);
        }
        return document;
    }

    /** Secrets and servers may well be kept elsewhere than the rest, and the installation's settings are not known. */
    private Optional<Finding> finding(Document document, Problem problem) {
        String pointer = Field.pointerOf(problem.field());
        return switch (problem.reason()) {
            // One that is there and is itself invalid has findings of its own.
            case SecretNotFound -> isThere(Kinds.SECRET, document, pointer)
                    ? Optional.empty()
                    : Optional.of(document.warning(pointer, problem.message()));
            case ConfigMapNotFound -> isThere(Kinds.CONFIG_MAP, document, pointer)
                    ? Optional.empty()
                    : Optional.of(document.warning(pointer, problem.message()));
            case ServerNotFound -> isThere(Kinds.MAIL_SERVER, document, pointer)
                    ? Optional.empty()
                    : Optional.of(document.warning(pointer, problem.message()));
            case OrganizationNotFound -> isThere(Kinds.ORGANIZATION, document, pointer)
                    ? Optional.empty()
                    : Optional.of(document.warning(pointer, problem.message()));
            case ServerNotAllowed, ServerNotGlobalYet -> Optional.of(isThere(Kinds.MAIL_SERVER, document, pointer)
                    ? document.error(pointer, problem.message())
                    : document.warning(pointer,
                            "a MailServer of another namespace that is not among these files; it must "
                                    + "be a global server there"));
            case ScopeNotAllowed -> Optional.of(document.warning(pointer, problem.message()));
            default -> Optional.of(document.error(pointer, problem.message()));
        };
    }

    private boolean isThere(String kind, Document document, String reference) {
        JsonNode at = document.json().at(reference);
        String namespace = at.path("namespace").asText(document.key().namespace());
        return documents.containsKey(kind + " " + new ResourceKey(namespace, at.path("name").asText()));
    }
}
