package dev.postrider.local;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.local.Finding.Severity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Resources read from files and directories as {@code kubectl apply -R -f} would find them.
 *
 * @param files     how many files were read
 * @param documents the resources, in the order of the files
 * @param findings  what could not be read
 */
record Manifests(int files, List<Document> documents, List<Finding> findings) {
    /** What a text from standard input is called in place of a file. */
    static final String STDIN = "stdin";

    /**
     * Reads files, and the files below directories whose names end in {@code .yaml}, {@code .yml} or {@code .json};
     * names that begin with a dot are passed over. The path {@code -} is standard input.
     *
     * @throws NoSuchFileException if one of the paths is not there
     * @throws IOException         if a directory cannot be read
     */
    static Manifests read(List<Path> paths) throws IOException {
        List<Document> documents = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        for (Path path : paths) {
            files.addAll(path.equals(Check.STANDARD_INPUT) ? List.of(path) : files(path));
        }
        files = files.stream().distinct().toList();
        for (Path file : files) {
            read(file, documents, findings);
        }
        return new Manifests(files.size(), List.copyOf(documents), List.copyOf(findings));
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> below = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            return below.filter(file -> isManifest(path.relativize(file)) && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isManifest(Path relative) {
        for (Path part : relative) {
            if (part.toString().startsWith(".")) {
                return false;
            }
        }
        String name = relative.toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json");
    }

    private static void read(Path file, List<Document> documents, List<Finding> findings) {
        boolean standardInput = file.equals(Check.STANDARD_INPUT);
        String name = standardInput ? STDIN : file.toString();
        try {
            YamlText text = new YamlText(standardInput ? utf8(System.in.readAllBytes()) : Files.readString(file));
            text.errors()
                    .forEach(e -> findings
                            .add(new Finding(name, e.line(), Field.of(e.pointer()), e.message(), Severity.ERROR)));
            text.trees().forEach(tree -> add(name, tree, documents, findings));
        } catch (CharacterCodingException e) {
            findings.add(new Finding(name, 1, "", "not UTF-8", Severity.ERROR));
        } catch (IOException e) {
            findings.add(new Finding(name, 1, "", "cannot be read: " + e.getMessage(), Severity.ERROR));
        }
    }

    private static String utf8(byte[] octets) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
    }

    private static void add(String file, YamlText.Tree tree, List<Document> documents, List<Finding> findings) {
        if (!(tree.json() instanceof ObjectNode object)) {
            findings.add(new Finding(file, tree.line(), "",
                    "not a Kubernetes resource, which starts with apiVersion and kind", Severity.ERROR));
            return;
        }
        Document document = new Document(file, tree.line(), object, tree.lines());
        if (!document.kind().endsWith("List") || !object.path("items").isArray()) {
            documents.add(document);
            return;
        }
        for (int i = 0; i < object.path("items").size(); i++) {
            String prefix = "/items/" + i;
            Map<String, Integer> lines = new HashMap<>();
            tree.lines().forEach((pointer, line) -> {
                if (pointer.startsWith(prefix + "/")) {
                    lines.put(pointer.substring(prefix.length()), line);
                }
            });
            add(file, new YamlText.Tree(document.lineOf(prefix), object.at(prefix), lines), documents, findings);
        }
    }
}
