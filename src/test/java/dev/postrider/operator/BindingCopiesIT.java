package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.operator.installation.Caches;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.ScriptedSmtpServer;
import dev.postrider.testing.UsesApiServer;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Copies of bindings in namespaces of other people, made with the rights that the chart gives and no others. The
 * operator works in all namespaces, so it has an API server of its own.
 */
@Tag("organizations")
@UsesApiServer
final class BindingCopiesIT {
    private static final String NAMESPACE = "postrider-system";
    private static final Duration SOON = Duration.ofSeconds(20);

    /** It is said that a changed label is seen within a minute; the rest is for a slow machine. */
    private static final Duration A_MINUTE = Duration.ofSeconds(75);

    private static ApiServer api;
    private static ScriptedSmtpServer upstream;
    private static RunningOperator operator;

    /** Where the organization "main" is, whose binding is "main-mail". */
    private String source;

    /** Whose owner may accept copies. */
    private String target;

    @BeforeAll
    static void install() throws IOException {
        api = ApiServer.start();
        upstream = ScriptedSmtpServer.start();
        api.kubectl("create", "namespace", NAMESPACE);
        var applied = api.kubectlWithInput(Files.readString(Path.of("src/test/resources/chart/default.yaml")), "apply",
                "--server-side", "-f", "-");
        assertThat(applied.err()).isEmpty();
        operator = RunningOperator.asInstalled(api, NAMESPACE, NAMESPACE);
        operator.applyGlobalServer(upstream.port());
        operator.startRelay();
    }

    @AfterAll
    static void uninstall() {
        operator.close();
        upstream.close();
        api.close();
    }

    @BeforeEach
    void namespaces() {
        source = api.createNamespace("acme");
        target = api.createNamespace("shop");
    }

    @Test
    void aCopyIsWhatTheBindingIsAndStaysSoWhateverBecomesOfEither() {
        accept(target, source);
        declare("[" + target + "]", "");
        awaitCopied("True Copied");

        Secret binding = binding();
        Secret copy = copy();
        assertThat(copy.getData()).isEqualTo(binding.getData()).containsKeys("host", "password", "ca.crt");
        assertThat(copy.getType()).isEqualTo("servicebinding.io/smtp");
        assertThat(copy.getMetadata().getLabels()).isEqualTo(
                Map.of("postrider.dev/binding", "copy", "app.kubernetes.io/managed-by", "postrider"));
        assertThat(copy.getMetadata().getAnnotations()).isEqualTo(
                Map.of("postrider.dev/copy-of", source + "/main", "reloader.stakater.com/match", "true"));
        assertThat(copy.getMetadata().getOwnerReferences()).isEmpty();

        kubectl("annotate", "oms", "main", "-n", source, "postrider.dev/rotate=now");
        await().atMost(SOON).until(() -> !binding().getData().equals(binding.getData()));
        awaitSameData();
        assertThat(copy().getMetadata().getAnnotations().keySet()).as("nothing of what the rotation notes")
                .isEqualTo(copy.getMetadata().getAnnotations().keySet());

        kubectl("delete", "secret", copyName(), "-n", target);
        awaitSameData();

        kubectl("patch", "secret", copyName(), "-n", target, "--type=merge", "-p",
                "{\"data\":{\"host\":\"ZXZpbA==\",\"more\":\"ZXZpbA==\"}}");
        awaitSameData();
        awaitCopied("True Copied");
    }

    @Test
    void whoDoesNotAcceptGetsNothingUntilHeDoesAndLosesItWithinAMinuteWhenHeDoesNotAnyMore() {
        String similar = api.kubectl("create", "namespace", source + "-2").out();
        assertThat(similar).contains("created");
        accept(target, source + "-2");
        declare("[" + target + "]", "");
        awaitCopied("False NotAccepted");
        assertThat(copyIfThere()).isEmpty();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(kubectl("get", "events", "-n", source)).contains("NotAccepted",
                        "kubectl label namespace " + target + " postrider.dev/accept-bindings-from=" + source));

        accept(target, "globex." + source);
        operator.process().lookAgain();
        awaitCopied("True Copied");
        assertThat(copy().getData()).isEqualTo(binding().getData());

        // Nothing else tells the operator.
        kubectl("label", "namespace", target, "postrider.dev/accept-bindings-from-");
        await().atMost(A_MINUTE).untilAsserted(() -> assertThat(copyIfThere()).isEmpty());
        awaitCopied("False NotAccepted");
        assertThat(condition("BindingReady")).isEqualTo("True Written");
    }

    @Test
    void aSecretOfSomebodyElseIsNeverOverwrittenAndNobodyIsHeldUpByIt() {
        String free = api.createNamespace("wiki");
        accept(target, "Any");
        accept(free, "Any");
        kubectl("create", "secret", "generic", copyName(), "-n", target, "--from-literal=password=mine");
        declare("[" + target + ", no-such-namespace, " + free + "]", "");

        awaitCopied("False SecretExists");
        await().atMost(SOON).untilAsserted(() -> assertThat(secret(free, copyName())).isPresent());
        assertThat(message()).contains("namespace \"" + target + "\": Secret \"" + copyName() + "\" exists there",
                "; namespace \"no-such-namespace\": it does not accept").doesNotContain(free);
        assertThat(Caches.entry(copy(), "password")).contains("mine");

        // It says that it is another organization's copy: as little this one's.
        kubectl("delete", "secret", copyName(), "-n", target);
        forge(target, copyName(), source + "/other", "servicebinding.io/smtp");
        operator.process().lookAgain();
        awaitCopied("False SecretExists");
        assertThat(Caches.entry(copy(), "password")).contains("forged");

        kubectl("delete", "secret", copyName(), "-n", target);
        declare("[" + target + ", " + free + "]", "");
        awaitCopied("True Copied");
        assertThat(copy().getData()).isEqualTo(binding().getData());
    }

    /** Who may write Secrets may label his own as he likes. */
    @Test
    void aSecretThatIsMadeToLookLikeACopyGetsNobodyAnything() {
        accept(target, source);
        declare("[" + target + "]", "");
        awaitCopied("True Copied");
        String thief = api.createNamespace("thief");
        forge(thief, copyName(), source + "/main", "servicebinding.io/smtp");
        forge(thief, "own-name", source + "/main", "servicebinding.io/smtp");
        forge(thief, "another-type." + source, source + "/main", "Opaque");
        for (String nonsense : new String[]{"/", "a/", "/b", source + "/main/x", source, "..", "Ä/b"}) {
            forge(thief, source + ".n" + Integer.toHexString(nonsense.hashCode()), nonsense, "servicebinding.io/smtp");
        }

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(secret(thief, copyName())).as("asked for by nobody").isEmpty());
        assertThat(operator.client().secrets().inNamespace(thief).list().getItems()).hasSize(9)
                .allSatisfy(left -> assertThat(Caches.entry(left, "password")).contains("forged"));
        assertThat(binding().getData()).as("the binding itself").isEqualTo(copy().getData());

        kubectl("delete", "secret", copyName(), "-n", target);
        await().atMost(SOON).until(() -> copyIfThere().isPresent());
    }

    @Test
    void aCopyGoesWhenItIsNotAskedForAnyMoreOrHasAnotherName() {
        accept(target, source);
        declare("[" + target + "]", "");
        awaitCopied("True Copied");

        declare("[" + target + "]", "secretName: other");
        await().atMost(SOON).until(() -> secret(target, source + ".other").isPresent());
        await().atMost(SOON).untilAsserted(() -> assertThat(copyIfThere()).isEmpty());

        declare("[]", "secretName: other");
        await().atMost(SOON).untilAsserted(() -> assertThat(secret(target, source + ".other")).isEmpty());
        await().atMost(SOON).untilAsserted(() -> assertThat(condition("BindingCopied")).isEmpty());
    }

    @Test
    void whatTheApiServerRefusesIsToldWithoutASecretAndKeepsNothingElseFromBeingDone() {
        String terminating = api.createNamespace("terminating");
        accept(target, source);
        accept(terminating, source);
        kubectl("delete", "namespace", terminating, "--wait=false");
        kubectl("label", "namespace", target, "guarded=yes");
        operator.apply("""
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicy
                metadata: {name: guard}
                spec:
                  matchConstraints:
                    namespaceSelector: {matchLabels: {guarded: "yes"}}
                    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [secrets]}]
                  validations:
                    - expression: "false"
                      messageExpression: "'no room for ' + string(object.metadata.name) + $WORDS"
                ---
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicyBinding
                metadata: {name: guard}
                spec: {policyName: guard, validationActions: [Deny]}
                """.replace("$WORDS", "''"));
        await().atMost(SOON)
                .until(() -> kubectl("create", "secret", "generic", "probe", "-n", target, "--dry-run=server"),
                        said -> said.contains("no room"));

        declare("[" + target + ", " + terminating + "]", "");

        awaitCopied("False NamespaceTerminating");
        assertThat(message()).isEqualTo("namespace \"" + terminating + "\": it is being deleted, and takes no new "
                + "Secret; namespace \"" + target + "\": Secret \"" + copyName() + "\" is not written: secrets \""
                + copyName() + "\" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'guard' denied "
                + "request: no room for " + copyName());
        assertThat(condition("BindingReady")).isEqualTo("True Written");
        declare("[" + target + "]", "");
        awaitCopied("False Refused");

        kubectl("patch", "validatingadmissionpolicy", "guard", "--type=json", "-p",
                "[{\"op\":\"replace\",\"path\":\"/spec/validations/0/messageExpression\",\"value\":"
                        + "\"'no room for ' + string(object.data.password)\"}]");
        await().atMost(SOON).untilAsserted(() -> {
            operator.process().lookAgain();
            assertThat(message()).endsWith("is not written: the API server repeats what is in it");
        });
        assertThat(kubectl("get", "oms,events", "-n", source, "-o", "yaml")).doesNotContain(
                binding().getData().get("password"), Caches.entry(binding(), "password").orElseThrow());

        kubectl("label", "namespace", target, "guarded-");
        lookUntilCopied("True Copied");
    }

    @Test
    void whereTheOperatorMayNotReadNamespacesCopiesStayAsTheyAre() {
        accept(target, source);
        declare("[" + target + "]", "");
        awaitCopied("True Copied");

        mayReadNamespaces(false);
        try {
            lookUntilCopied("False NamespaceUnreadable");
            assertThat(message()).isEqualTo("namespace \"" + target + "\": whether it accepts bindings cannot be read, "
                    + "and the copy stays as it is: the API server answered 403");
            kubectl("annotate", "oms", "main", "-n", source, "postrider.dev/rotate=now");
            await().atMost(SOON).until(() -> !binding().getData().equals(copy().getData()));
        } finally {
            mayReadNamespaces(true);
        }
        lookUntilCopied("True Copied");
        assertThat(copy().getData()).isEqualTo(binding().getData());
    }

    /** Takes the right out of the chart's ClusterRole, or puts it there again. */
    private static void mayReadNamespaces(boolean may) {
        var role = api.client().rbac().clusterRoles().withName("postrider-" + NAMESPACE);
        role.edit(r -> {
            r.getRules()
                    .stream()
                    .filter(rule -> rule.getResources().contains(may ? "nothing" : "namespaces"))
                    .forEach(rule -> rule.setResources(List.of(may ? "namespaces" : "nothing")));
            return r;
        });
    }

    private void lookUntilCopied(String statusAndReason) {
        await().atMost(SOON).untilAsserted(() -> {
            operator.process().lookAgain();
            assertThat(condition("BindingCopied")).isEqualTo(statusAndReason);
        });
    }

    @Test
    void copiesGoWithTheOrganizationHoweverItGoes() throws IOException {
        accept(target, "Any");
        for (String name : new String[]{"confirmed", "forced", "unseen"}) {
            operator.apply(
                    organization(name, "[" + target + "]", "").replace("spec:", "spec:\n  servers: [{name: x}]"));
            await().atMost(SOON).until(() -> secret(target, source + "." + name + "-mail").isPresent());
        }

        kubectl("patch", "oms", "confirmed", "-n", source, "--type=merge", "-p",
                "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
        kubectl("delete", "oms", "confirmed", "-n", source);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(secret(target, source + ".confirmed-mail")).isEmpty());

        deleteByForce("forced");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(secret(target, source + ".forced-mail")).isEmpty());

        operator.close();
        try {
            deleteByForce("unseen");
            assertThat(secret(target, source + ".unseen-mail")).isPresent();
        } finally {
            operator = RunningOperator.asInstalled(api, NAMESPACE, NAMESPACE);
        }
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(secret(target, source + ".unseen-mail")).isEmpty());
    }

    /** As the namespace controller deletes, and then somebody who takes the finalizer away. */
    private void deleteByForce(String organization) {
        kubectl("delete", "oms", organization, "-n", source, "--wait=false",
                "--as=system:serviceaccount:kube-system:namespace-controller", "--as-group=system:masters");
        kubectl("patch", "oms", organization, "-n", source, "--type=json", "-p",
                "[{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}]");
        assertThat(kubectl("get", "oms", organization, "-n", source)).contains("NotFound");
    }

    private void declare(String copies, String more) {
        operator.apply(organization("main", copies, more));
    }

    private String organization(String name, String copies, String more) {
        return """
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: %s, namespace: %s}
                spec:
                  identity: {from: {address: noreply@acme.example}}
                  binding: {copies: %s, %s}
                """.formatted(name, source, copies, more);
    }

    private void awaitSameData() {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(copyIfThere().map(Secret::getData)).contains(binding().getData()));
    }

    private static void accept(String namespace, String value) {
        assertThat(kubectl("label", "--overwrite", "namespace", namespace,
                "postrider.dev/accept-bindings-from=" + value)).contains("labeled");
    }

    /** A Secret that says that it is a copy. */
    private static void forge(String namespace, String name, String of, String type) {
        operator.apply("""
                apiVersion: v1
                kind: Secret
                metadata:
                  name: %s
                  namespace: %s
                  labels: {postrider.dev/binding: copy, app.kubernetes.io/managed-by: postrider}
                  annotations: {postrider.dev/copy-of: "%s"}
                type: %s
                stringData: {password: forged}
                """.formatted(name, namespace, of, type));
    }

    private String copyName() {
        return source + ".main-mail";
    }

    private Secret binding() {
        return secret(source, "main-mail").orElseThrow();
    }

    private Secret copy() {
        return copyIfThere().orElseThrow();
    }

    private Optional<Secret> copyIfThere() {
        return secret(target, copyName());
    }

    private static Optional<Secret> secret(String namespace, String name) {
        return Optional.ofNullable(api.client().secrets().inNamespace(namespace).withName(name).get());
    }

    private static String kubectl(String... arguments) {
        return operator.kubectl(arguments);
    }

    private void awaitCopied(String statusAndReason) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(condition("BindingCopied")).as(this::message)
                        .isEqualTo(statusAndReason));
    }

    private String condition(String type) {
        return operator.organizationCondition(source, "main", type).map(c -> c.status() + " " + c.reason()).orElse("");
    }

    private String message() {
        return operator.organizationCondition(source, "main", "BindingCopied").map(Condition::message).orElse("");
    }
}
