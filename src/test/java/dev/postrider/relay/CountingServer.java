package dev.postrider.relay;

import dev.postrider.relay.sink.Sink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server that counts how often it was given which mail. */
final class CountingServer implements AutoCloseable {
    private static final Pattern SUBJECT = Pattern.compile("(?m)^Subject: (\\S+)");

    private final Map<String, Integer> taken = new ConcurrentHashMap<>();
    private final Sink sink;

    CountingServer() throws IOException {
        sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), mail -> {
            Matcher subject = SUBJECT.matcher(mail.content());
            if (subject.find()) {
                taken.merge(subject.group(1), 1, Integer::sum);
            }
        });
    }

    int port() {
        return sink.port();
    }

    boolean hasAll(Set<String> subjects) {
        return taken.keySet().containsAll(subjects);
    }

    long lost(Set<String> subjects) {
        return subjects.stream().filter(subject -> !taken.containsKey(subject)).count();
    }

    /** How many it was given more than once, counted for each time. */
    int duplicates() {
        return taken.values().stream().mapToInt(times -> times - 1).sum();
    }

    int messages() {
        return taken.size();
    }

    @Override
    public void close() {
        sink.close();
    }
}
