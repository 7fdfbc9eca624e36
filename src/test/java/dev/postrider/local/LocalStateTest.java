package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The local mode of a directory is found wherever its state is. */
@Tag("promises")
final class LocalStateTest {
    @TempDir
    Path root;

    @TempDir
    Path manifests;

    private LocalState state;

    @BeforeEach
    void start() throws Exception {
        state = LocalState.of(manifests, root);
    }

    @Test
    void theOneThatRunsIsFoundAndNobodyElseReadsWhereItIs() throws Exception {
        assertThat(state.running()).isEqualTo(state.usual());
        try (var _ = state.announce(Path.of("elsewhere"))) {
            assertThat(LocalState.of(manifests.resolve("../" + manifests.getFileName()), root).running())
                    .isEqualTo(Path.of("elsewhere").toAbsolutePath());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.usual().resolve("running"))))
                    .isEqualTo("rw-------");
        }
        assertThat(state.running()).isEqualTo(state.usual());
    }

    @Test
    void ofTwoTheLastOneIsFoundWhicheverEndsFirst() throws Exception {
        LocalState.Announcement first = state.announce(root.resolve("a"));
        LocalState.Announcement second = state.announce(root.resolve("b"));
        first.close();
        assertThat(state.running()).isEqualTo(root.resolve("b"));
        second.close();
        assertThat(state.running()).isEqualTo(state.usual());
    }

    @Test
    void oneThatWasKilledIsNotTakenForOneThatRuns() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Files.createDirectories(state.usual());
        Files.writeString(state.usual().resolve("running"), dead.pid() + " " + root.resolve("gone") + "\n");
        assertThat(state.running()).isEqualTo(state.usual());
    }

    @Test
    void whereNothingCanBeWrittenLocalModeRunsAllTheSame() throws Exception {
        Files.writeString(root.resolve("postrider"), "no directory");
        try (var _ = state.announce(root.resolve("a"))) {
            assertThat(state.running()).isEqualTo(state.usual());
        }
    }
}
