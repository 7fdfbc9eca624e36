package dev.postrider.gitops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.GoldenFiles;
import dev.postrider.testing.HealthProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What Flux and Argo CD say of the three kinds in every state. The states were saved from the API server, where
 * {@code GitOpsStatesIT} holds them to what the operator writes.
 */
final class HealthTest {
    private static final Path FOLDER = Path.of("docs/gitops/argocd");
    private static final Path SCRIPT = FOLDER.resolve("health.lua");
    private static final Optional<HealthProgram> PROGRAM = HealthProgram.find();

    static List<SavedState> states() {
        return SavedState.all();
    }

    @Test
    void everySavedStateIsInTheTable() throws IOException {
        assertThat(SavedState.files())
                .containsExactlyInAnyOrderElementsOf(states().stream().map(SavedState::name).toList());
    }

    @ParameterizedTest
    @MethodSource("states")
    void argoSaysWhatAPersonWould(SavedState state) throws IOException {
        Health health = state.deleted()
                // Argo CD asks no check then (gitops-engine, health.GetResourceHealth).
                ? new Health("Progressing", "Pending deletion")
                : LuaHealthCheck.of(state.object(), Files.readString(SCRIPT));

        assertThat(health.status()).as(health.toString()).isEqualTo(state.argo());
        assertThat(health.message()).startsWith(state.message());
    }

    @ParameterizedTest
    @MethodSource("states")
    void argosOwnInterpreterSaysTheSame(SavedState state) throws IOException {
        assumeTrue(PROGRAM.isPresent(), "no Go here to build Argo CD's interpreter with");
        Health health = LuaHealthCheck.of(state.object(), Files.readString(SCRIPT));

        assertThat(PROGRAM.orElseThrow().verdict(state.object().toString(), "argocd", SCRIPT.toString()))
                .isEqualTo(health.status() + "\t" + health.message());
    }

    @ParameterizedTest
    @MethodSource("states")
    void fluxSaysWhatAPersonWould(SavedState state) {
        assumeTrue(PROGRAM.isPresent(), "no Go here to build kstatus with");

        assertThat(PROGRAM.orElseThrow().verdict(state.object().toString(), "kstatus"))
                .startsWith(state.kstatus() + "\t");
    }

    @Test
    void theConfigMapHoldsTheScriptForEachKind() throws IOException {
        String script = Files.readString(SCRIPT).indent(4);
        var text = new StringBuilder("""
                # Adds the health checks to Argo CD's own ConfigMap:
                #   kubectl -n argocd patch configmap argocd-cm --patch-file docs/gitops/argocd/argocd-cm.yaml
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: argocd-cm
                  namespace: argocd
                data:
                """);
        for (String kind : List.of("MailServer", "OrganizationMailSettings", "LicenseExpiryNotice")) {
            text.append("  resource.customizations.health.postrider.dev_%s: |\n%s".formatted(kind, script));
        }

        GoldenFiles.check(FOLDER.resolve("argocd-cm.yaml"), text.toString().replaceAll("(?m)^ +$", ""), getClass());
    }
}
