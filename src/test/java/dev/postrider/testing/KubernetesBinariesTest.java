package dev.postrider.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KubernetesBinariesTest {
    @TempDir
    Path folder;

    @Test
    void kubebuilderAssetsComesFirst() throws IOException {
        var assets = programs("assets", List.of("etcd", "kube-apiserver", "kubectl"));
        var cache = programs("cache", List.of("etcd", "kube-apiserver", "kubectl"));

        var binaries = new KubernetesBinaries(Map.of("KUBEBUILDER_ASSETS", assets.toString()), cache);

        assertThat(binaries.apiServer()).isEqualTo(assets);
    }

    @Test
    void kubebuilderAssetsWithoutAProgramSaysWhich() throws IOException {
        var assets = programs("assets", List.of("etcd", "kubectl"));

        var binaries = new KubernetesBinaries(Map.of("KUBEBUILDER_ASSETS", assets.toString()), folder);

        assertThatThrownBy(binaries::apiServer).isInstanceOf(IllegalStateException.class)
                .hasMessage("KUBEBUILDER_ASSETS is " + assets + ", where [kube-apiserver] cannot be run; put it there, "
                        + "or unset the variable to have them built");
    }

    @Test
    void theCacheIsUsedWithoutBuilding() throws IOException {
        var cache = programs("cache", List.of("etcd", "kube-apiserver", "kubectl"));

        assertThat(new KubernetesBinaries(Map.of(), cache).apiServer()).isEqualTo(cache);
    }

    private Path programs(String name, List<String> programs) throws IOException {
        var directory = Files.createDirectory(folder.resolve(name));
        for (var program : programs) {
            assertThat(Files.createFile(directory.resolve(program)).toFile().setExecutable(true)).isTrue();
        }
        return directory;
    }
}
