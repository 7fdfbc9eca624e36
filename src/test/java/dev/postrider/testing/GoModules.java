package dev.postrider.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Source of other projects, from the Go module proxy: what their own repository holds, and ours need not. */
public final class GoModules {
    private GoModules() {}

    /** The folder of a module, if Go is here and knows it; what is missing is printed. */
    public static Optional<Path> folder(String module, String version) {
        if (!GoPrograms.goIsInstalled()) {
            LeftOut.note("what is held against " + module, InstalledProgram.GO.lack());
            return Optional.empty();
        }
        var result = CommandResult.run(Path.of(System.getProperty("java.io.tmpdir")), Map.of("GOWORK", "off"), "",
                List.of("go", "mod", "download", "-json", module + "@" + version));
        if (result.exitCode() != 0) {
            LeftOut.note("what is held against " + module, (result.out() + result.err()).strip().replace('\n', ' '));
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(new JsonMapper().readTree(result.out()).get("Dir").textValue()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(result.out(), e);
        }
    }
}
