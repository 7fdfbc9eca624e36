package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.Reason;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** To which namespaces a binding is copied, where a copy stays, and what is said of it. */
@Tag("organizations")
final class BindingCopiesTest {
    private static final ResourceKey ACME = new ResourceKey("acme", "main");

    /** An organization with a server, and a relay that has its login. */
    private static final String ORGANIZATION = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata: {name: global, namespace: postrider-system}
            spec: {scope: Global, smtp: {host: mail.example.com}}
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: main, namespace: acme, annotations: {postrider.dev/rotate: now}}
            spec:
              identity: {from: {address: no-reply@acme.example}}
              binding: {secretName: mail, copies: $COPIES}
            """;
    private static final String NAMESPACE = """
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: $NAME, labels: {$LABEL}, $MORE}
            """;
    private static final String COPY = """
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: acme.mail, namespace: $NAMESPACE, annotations: {postrider.dev/copy-of: $OF}}
            """;

    /** An organization that asks for one copy, in the namespace shop. */
    @ParameterizedTest(name = "{0}, {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            # label of the namespace                        | Secret there | reason               | written | stays
            accept-bindings-from: acme                      |              | Copied               | true    | true
            accept-bindings-from: acme                      | acme/main    | Copied               | true    | true
            accept-bindings-from: globex.acme.initech       |              | Copied               | true    | true
            accept-bindings-from: acme.acme-2               |              | Copied               | true    | true
            accept-bindings-from: Any                       | acme/main    | Copied               | true    | true
            accept-bindings-from: any                       | acme/main    | NotAccepted          | false   | false
            accept-bindings-from: Any.globex                | acme/main    | NotAccepted          | false   | false
            accept-bindings-from: acme-2                    | acme/main    | NotAccepted          | false   | false
            accept-bindings-from: acme-2.my-acme            |              | NotAccepted          | false   | false
            accept-bindings-from: acm                       |              | NotAccepted          | false   | false
            accept-bindings-from: Acme                      |              | NotAccepted          | false   | false
            accept-bindings-from: ''                        |              | NotAccepted          | false   | false
            accept-bindings-from-us: acme                   |              | NotAccepted          | false   | false
            (no such namespace)                             |              | NotAccepted          | false   | false
            (no cluster)                                    |              | NoCluster            | false   | true
            (unreadable)                                    | acme/main    | NamespaceUnreadable  | false   | true
            (terminating) accept-bindings-from: acme        | acme/main    | NamespaceTerminating | false   | true
            (terminating) accept-bindings-from: globex      | acme/main    | NotAccepted          | false   | false
            accept-bindings-from: acme                      | acme/other   | SecretExists         | false   | true
            accept-bindings-from: acme                      | (unlabelled) | SecretExists         | false   | true
            accept-bindings-from: globex                    | (unlabelled) | NotAccepted          | false   | false
            """)
    void aNamespaceGetsACopyWhereItsOwnerAcceptsOne(String label, @Nullable String secret, String reason,
            boolean written, boolean stays) {
        String more = label.startsWith("(terminating)")
                ? "deletionTimestamp: \"2027-01-12T08:00:00Z\""
                : "generation: 1";
        String plain = label.replaceFirst("^\\(.*?\\) ?", "");
        String manifests = organization("[shop]")
                + (label.startsWith("(no ")
                        ? ""
                        : namespace("shop", plain.isEmpty() ? "" : "postrider.dev/" + plain, more))
                + (secret == null ? "" : COPY.replace("$NAMESPACE", "shop").replace("$OF", secret))
                + (label.equals("(unreadable)") ? "---\nkind: World\nunreadable: shop\n" : "")
                + (label.equals("(no cluster)") ? "---\nkind: World\ncluster: false\n" : "");

        OrganizationPlan plan = plan(new GoldenWorld(manifests));

        BindingCopies copies = plan.copies().orElseThrow();
        assertThat(copied(plan).reason()).isEqualTo(reason);
        assertThat(copied(plan).status())
                .isEqualTo(reason.equals("Copied") ? Condition.Status.True : Condition.Status.False);
        assertThat(copies.toWrite()).isEqualTo(written ? List.of("shop") : List.of());
        assertThat(copies.stays("shop")).isEqualTo(stays);
        assertThat(copies.stays("erp")).as("nobody asked for that one").isFalse();
        assertThat(copies.name()).isEqualTo("acme.mail");
        assertThat(Conditions.find(plan.status().conditions(), ConditionType.Ready).orElseThrow().reason())
                .as("whatever becomes of copies")
                .isEqualTo("WaitingForServer");
    }

    @Test
    void whoMayNotHaveACopyIsToldHowAndDoesNotLearnWhichNamespacesThereAre() {
        String there = message("[shop]",
                namespace("shop", "postrider.dev/accept-bindings-from: globex", "generation: 1"));

        assertThat(there).isEqualTo("namespace \"shop\": it does not accept bindings of namespace \"acme\", or is none "
                + "that Postrider works in. Its owner accepts them with: "
                + "kubectl label namespace shop postrider.dev/accept-bindings-from=acme");
        assertThat(message("[shop]", "")).isEqualTo(there);
        assertThat(message("[shop]", namespace("shop", "", "deletionTimestamp: \"2027-01-12T08:00:00Z\"")))
                .isEqualTo(there);
    }

    @Test
    void allThatIsWrongIsSaidAtOnceAndWhatIsRightIsWritten() {
        GoldenWorld world = new GoldenWorld(organization("[shop, erp, wiki, crm]")
                + namespace("shop", "postrider.dev/accept-bindings-from: acme", "generation: 1")
                + namespace("wiki", "postrider.dev/accept-bindings-from: acme", "generation: 1")
                + namespace("crm", "postrider.dev/accept-bindings-from: acme", "generation: 1")
                + COPY.replace("$NAMESPACE", "wiki").replace("$OF", "globex/main"));

        OrganizationPlan plan = plan(world);
        assertThat(plan.copies().orElseThrow().toWrite()).containsExactly("shop", "crm");
        OrganizationPlan carriedOut = plan
                .refused(Map.of("crm", "Secret \"acme.mail\" is not written: exceeded quota"));

        Condition condition = copied(carriedOut);
        assertThat(condition.reason()).isEqualTo("NotAccepted");
        assertThat(condition.message()).contains("namespace \"erp\": it does not accept")
                .contains("; namespace \"wiki\": Secret \"acme.mail\" exists there and is not this organization's copy")
                .endsWith("; namespace \"crm\": Secret \"acme.mail\" is not written: exceeded quota")
                .doesNotContain("\"shop\"");
        assertThat(types(carriedOut)).isEqualTo(types(plan)).doesNotHaveDuplicates();
        assertThat(carriedOut.notices()).filteredOn(n -> n.reason() == Reason.NotAccepted)
                .extracting(Notice::warning, Notice::message)
                .containsExactly(tuple(true, condition.message()));
    }

    @Test
    void aRefusalAloneIsToldOnce() {
        GoldenWorld world = accepted();
        Map<String, String> refused = Map.of("shop", "Secret \"acme.mail\" is not written: exceeded quota");

        OrganizationPlan first = plan(world).refused(refused);
        assertThat(copied(first)).extracting(Condition::status, Condition::reason, Condition::message)
                .containsExactly(Condition.Status.False, "Refused",
                        "namespace \"shop\": Secret \"acme.mail\" is not written: exceeded quota");
        assertThat(first.notices()).extracting(Notice::reason).contains(Reason.Refused);

        organization(world).setStatus(first.status());
        OrganizationPlan second = plan(world).refused(refused);
        assertThat(second.notices()).extracting(Notice::reason).doesNotContain(Reason.Refused);
        assertThat(second.status()).as("nothing is written").isEqualTo(first.status());
        OrganizationPlan carriedOut = plan(world);
        assertThat(carriedOut.refused(Map.of())).isSameAs(carriedOut);
    }

    @Test
    void whileTheBindingIsNotWrittenCopiesStayAndRevokedOnesGo() {
        GoldenWorld world = new GoldenWorld(organization("[shop, erp]").replace("no-reply@acme.example", "nobody")
                + namespace("shop", "postrider.dev/accept-bindings-from: acme", "generation: 1")
                + COPY.replace("$NAMESPACE", "shop").replace("$OF", "acme/main")
                + COPY.replace("$NAMESPACE", "erp").replace("$OF", "acme/main"));

        BindingCopies copies = plan(world).copies().orElseThrow();

        assertThat(copies.toWrite()).isEmpty();
        assertThat(copies.stays("shop")).isTrue();
        assertThat(copies.stays("erp")).isFalse();
        assertThat(copied(plan(world)).reason()).isEqualTo("NotAccepted");
        assertThat(copied(plan(new GoldenWorld(organization("[shop]").replace("no-reply@acme.example", "nobody")
                + namespace("shop", "postrider.dev/accept-bindings-from: acme", "generation: 1")))))
                .extracting(Condition::status, Condition::reason)
                .containsExactly(Condition.Status.Unknown, "BindingPending");
    }

    @Test
    void namespacesAreLookedAtEachMinuteWhereCopiesAreAskedFor() {
        assertThat(plan(accepted()).lookAgain()).contains(GoldenWorld.NOW.plus(Duration.ofMinutes(1)));
        OrganizationPlan without = plan(new GoldenWorld(organization("[]")));
        assertThat(without.lookAgain()).isEmpty();
        assertThat(without.copies()).isEmpty();
        assertThat(Conditions.find(without.status().conditions(), ConditionType.BindingCopied)).isEmpty();
    }

    @Test
    void allCopiesGoWithTheOrganization() {
        GoldenWorld world = new GoldenWorld(organization("[shop]")
                .replace("annotations:", "deletionTimestamp: \"2027-01-12T08:00:00Z\", annotations:")
                .replace("  binding:", "  deletionConfirmation: Delete\n  binding:")
                + namespace("shop", "postrider.dev/accept-bindings-from: acme", "generation: 1"));

        OrganizationPlan plan = plan(world);

        assertThat(plan.release()).isTrue();
        assertThat(plan.copies()).isEmpty();
        assertThat(plan.lookAgain()).isEmpty();
    }

    @Test
    void aCopyHasWhatTheBindingHasButForWhatARotationNotes() {
        Binding binding = plan(accepted()).binding().orElseThrow();
        assertThat(binding.annotations()).containsEntry(Rotation.DONE, "now");

        Binding copy = binding.copy("acme.mail");

        assertThat(copy).isEqualTo(new Binding("acme.mail", binding.data(),
                Map.of("reloader.stakater.com/match", "true")));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            [shop, acme] | mail | spec.binding.copies[1] | "acme" is the organization's own namespace, where the binding itself is; name others only
            [shop]       | 249  | spec.binding.secretName | a copy is named <namespace>.<name of the binding>, which is 254 characters, and the name of a Secret has 253 at most; choose a shorter one
            """)
    void whatNoCopyCanComeOfIsAProblem(String copies, String name, String field, String message) {
        String secretName = name.equals("249") ? "m".repeat(249) : name;
        GoldenWorld world = new GoldenWorld(organization(copies).replace("secretName: mail", "secretName: "
                + secretName));

        assertThat(OrganizationPlan.problems(organization(world), world))
                .containsExactly(new Problem(Problem.Area.SPEC, Reason.BindingCopyInvalid, field, message));
        GoldenWorld atTheLimit = new GoldenWorld(
                organization("[shop]").replace("secretName: mail", "secretName: " + "m".repeat(248)));
        assertThat(OrganizationPlan.problems(organization(atTheLimit), atTheLimit)).isEmpty();
    }

    private static GoldenWorld accepted() {
        return new GoldenWorld(
                organization("[shop]")
                        + namespace("shop", "postrider.dev/accept-bindings-from: acme", "generation: 1"));
    }

    private static String organization(String copies) {
        return ORGANIZATION.replace("$COPIES", copies);
    }

    private static String namespace(String name, String label, String more) {
        return NAMESPACE.replace("$NAME", name).replace("$LABEL", label).replace("$MORE", more);
    }

    private static OrganizationMailSettings organization(GoldenWorld world) {
        return world.organization(ACME).orElseThrow();
    }

    private static OrganizationPlan plan(GoldenWorld world) {
        return OrganizationPlan.of(organization(world), world, OrganizationTestNews.none());
    }

    private static Condition copied(OrganizationPlan plan) {
        return Conditions.find(plan.status().conditions(), ConditionType.BindingCopied).orElseThrow();
    }

    private static List<String> types(OrganizationPlan plan) {
        return Objects.requireNonNullElse(plan.status().conditions(), List.<Condition>of())
                .stream()
                .map(Condition::type)
                .toList();
    }

    private static String message(String copies, String namespaces) {
        return copied(plan(new GoldenWorld(organization(copies) + namespaces))).message();
    }
}
