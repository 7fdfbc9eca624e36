package dev.postrider.relay;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** This virtual machine's class path with its directories in one jar: only jars can be in an archive of classes. */
public final class ClassPathJar {
    private static final class Built {
        private static final String CLASS_PATH = build();
    }

    private ClassPathJar() {}

    public static String classPath() {
        return Built.CLASS_PATH;
    }

    private static String build() {
        List<Path> entries = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(Path::of)
                .toList();
        try {
            Path jar = Files.createTempFile("relay-under-test", ".jar");
            jar.toFile().deleteOnExit();
            try (OutputStream out = Files.newOutputStream(jar); var zip = new ZipOutputStream(out)) {
                zip.setLevel(Deflater.NO_COMPRESSION);
                Set<String> seen = new HashSet<>();
                for (Path directory : entries.stream().filter(Files::isDirectory).toList()) {
                    add(directory, zip, seen);
                }
            }
            return Stream.concat(Stream.of(jar), entries.stream().filter(Files::isRegularFile))
                    .map(Path::toString)
                    .collect(Collectors.joining(File.pathSeparator));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void add(Path directory, ZipOutputStream zip, Set<String> seen) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.filter(file -> !file.equals(directory)).sorted().toList();
        }
        for (Path file : files) {
            boolean isDirectory = Files.isDirectory(file);
            String name = directory.relativize(file).toString().replace(File.separatorChar, '/')
                    + (isDirectory ? "/" : "");
            if (seen.add(name)) {
                zip.putNextEntry(new ZipEntry(name));
                if (!isDirectory) {
                    Files.copy(file, zip);
                }
                zip.closeEntry();
            }
        }
    }
}
