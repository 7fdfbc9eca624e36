package dev.postrider.message.dkim;

import dev.postrider.message.Envelope;
import dev.postrider.message.MessageContent;
import dev.postrider.route.DkimKey;
import dev.postrider.testing.CountingSmtpServer;
import dev.postrider.testing.DkimVerifier;
import dev.postrider.transport.LoopbackUpstreams;
import dev.postrider.transport.MailUpstreams;
import dev.postrider.transport.Mails;
import dev.postrider.transport.Upstream;
import dev.postrider.transport.Verdict;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What a signature costs whoever delivers: CPU time of one thread that hands mails of 10 KiB to a server over a kept
 * connection. Not among the tests: {@code mvn test -Dtest=DkimCostBenchmark}.
 */
final class DkimCostBenchmark {
    private static final int MAILS = 3000;
    private static final int ROUNDS = 3;
    private static final MessageContent MAIL = Mails.text("From: a@acme.example\r\nTo: b@x.example\r\nSubject: it\r\n"
            + "Date: Mon, 4 Jan 2027 09:00:00 +0000\r\nMessage-ID: <1@acme.example>\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/plain\r\n\r\n" + ("0123456789 ".repeat(6) + "\r\n").repeat(150));

    @Test
    void signatures() throws Exception {
        DkimKey rsa = DkimVerifier.key("r", "acme.example", "RSA", 2048);
        DkimKey ed25519 = DkimVerifier.key("e", "acme.example", "Ed25519", 0);
        Map<String, List<DkimKey>> ways = new LinkedHashMap<>();
        ways.put("not signed", List.of());
        ways.put("Ed25519", List.of(ed25519));
        ways.put("RSA of 2048 bits", List.of(rsa));
        ways.put("RSA of 4096 bits", List.of(DkimVerifier.key("l", "acme.example", "RSA", 4096)));
        ways.put("RSA of 2048 bits and Ed25519", List.of(rsa, ed25519));
        try (CountingSmtpServer server = CountingSmtpServer.start(Duration.ZERO, _ -> {});
                Upstream upstream = new MailUpstreams("client.test", false, LoopbackUpstreams.POLICY)
                        .to(Mails.route(Mails.plain(server.port())))) {
            for (int round = 1; round <= ROUNDS; round++) {
                for (Map.Entry<String, List<DkimKey>> way : ways.entrySet()) {
                    System.out.printf("round %d, %s: %.3f ms of CPU%n", round, way.getKey(),
                            send(upstream, way.getValue()));
                }
            }
        }
    }

    private static double send(Upstream upstream, List<DkimKey> keys) {
        Envelope envelope = new Envelope("a@acme.example", List.of("b@x.example"), false, false)
                .signedBy(new DkimSigners(keys, InstantSource.system()));
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < MAILS; i++) {
            if (!(upstream.send(envelope, MAIL).verdicts().get("b@x.example") instanceof Verdict.Accepted)) {
                throw new AssertionError("not taken");
            }
        }
        return (threads.getCurrentThreadCpuTime() - before) / 1e6 / MAILS;
    }
}
