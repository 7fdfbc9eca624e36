package dev.postrider.cluster;

import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server that the installation's mail goes to: a real Postfix on this machine, or where there is none a sink. */
final class Upstream implements AutoCloseable {
    private final String host;
    private final int port;
    private final Supplier<List<String>> mails;
    private final Runnable end;

    private Upstream(String host, int port, Supplier<List<String>> mails, Runnable end) {
        this.host = host;
        this.port = port;
        this.mails = mails;
        this.end = end;
    }

    static Upstream start(Cluster cluster, Installation installation) {
        Optional<PostfixServer> postfix = cluster.machineAddress()
                .flatMap(address -> PostfixServer.startIfInstalled(
                        TestCertificates.selfSigned(TestCertificates.Request.of("localhost")),
                        List.of("mynetworks = 10.0.0.0/8"), address));
        if (postfix.isPresent()) {
            Cluster.say("the upstream server is Postfix");
            return new Upstream(cluster.machineAddress().orElseThrow(), postfix.get().port(), postfix.get()::mails,
                    postfix.get()::close);
        }
        Cluster.say("the upstream server is a sink, for want of Postfix");
        SinkPod sink = SinkPod.start(installation, "mail-sink");
        return new Upstream(sink.host(), 2525, sink::mails, () -> {});
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /** The mails that arrived. */
    List<String> mails() {
        return mails.get();
    }

    /** The subjects of those that {@link Application#send} sent. */
    List<String> subjects(String prefix) {
        return mails.get()
                .stream()
                .map(Pattern.compile("Subject: (" + prefix + " \\d+)")::matcher)
                .filter(Matcher::find)
                .map(subject -> subject.group(1))
                .toList();
    }

    @Override
    public void close() {
        end.run();
    }
}
