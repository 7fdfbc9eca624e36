package dev.postrider.cli;

import dev.postrider.relay.sink.ReceivedMail;
import dev.postrider.relay.sink.Sink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A sink for each port that the manifests of a directory name: they play the mail servers. */
final class PlayedServers implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("(?m)^(\\s*port:\\s*)([0-9]{1,5})\\s*$");

    private final Map<Integer, Sink> sinks = new TreeMap<>();
    private final Path directory;

    /**
     * Opens the sinks. Where a port is taken another is used, and the manifests are copied with that one.
     *
     * @param copies where copies would go
     * @param onMail told the port and the mail
     */
    PlayedServers(Path manifests, Path copies, BiConsumer<Integer, ReceivedMail> onMail) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(manifests)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(String.valueOf(file.getFileName()), Files.readString(file));
            }
        }
        Map<String, String> replaced = new TreeMap<>();
        for (String content : contents.values()) {
            for (Matcher port = PORT.matcher(content); port.find();) {
                if (!replaced.containsKey(port.group(2))) {
                    replaced.put(port.group(2), Integer.toString(open(Integer.parseInt(port.group(2)), onMail)));
                }
            }
        }
        if (replaced.entrySet().stream().allMatch(entry -> entry.getKey().equals(entry.getValue()))) {
            this.directory = manifests;
            return;
        }
        this.directory = Files.createDirectories(copies);
        for (Map.Entry<String, String> file : contents.entrySet()) {
            Files.writeString(copies.resolve(file.getKey()), PORT.matcher(file.getValue())
                    .replaceAll(port -> port.group(1) + replaced.get(port.group(2))));
        }
    }

    private int open(int port, BiConsumer<Integer, ReceivedMail> onMail) throws IOException {
        Sink sink;
        try {
            sink = sink(port, onMail);
        } catch (IOException taken) {
            sink = sink(0, onMail);
        }
        sinks.put(sink.port(), sink);
        return sink.port();
    }

    private static Sink sink(int port, BiConsumer<Integer, ReceivedMail> onMail) throws IOException {
        // What the mail came in on is not known before the port is.
        int[] known = {port};
        Sink sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)),
                mail -> onMail.accept(known[0], mail));
        known[0] = sink.port();
        return sink;
    }

    /** The manifests to use: the given ones, or copies with other ports. */
    Path directory() {
        return directory;
    }

    /** The sinks by port. */
    Map<Integer, Sink> sinks() {
        return sinks;
    }

    @Override
    public void close() {
        sinks.values().forEach(Sink::close);
    }
}
