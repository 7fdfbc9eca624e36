package dev.postrider.operator.installation;

import dev.postrider.plan.TestOrder;
import dev.postrider.route.TestMail;
import dev.postrider.route.TestResult;
import dev.postrider.transport.NameLookup;
import dev.postrider.transport.Sends;
import dev.postrider.transport.TestSender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends test mails. They pass no relay, so each gets its line of the log here, and is counted here. */
public final class TestMails {
    private static final Logger LOG = LoggerFactory.getLogger(TestMails.class);

    /** Tests of one namespace that are under way: one whose servers hang waits for itself alone. */
    private static final int OF_NAMESPACE = 16;
    /** Tests through one server that are under way: ten thousand organizations may share it. */
    private static final int THROUGH_SERVER = 8;

    private final TestSender sender;
    private final MeterRegistry registry;

    /** Test mails of a sender, counted in a registry. */
    public TestMails(TestSender sender, MeterRegistry registry) {
        this.sender = sender;
        this.registry = registry;
    }

    /** The namespace first: whoever waits for it must not keep a server from others. */
    public static List<Sends.Lane> lanes(TestOrder order) {
        return List.of(new Sends.Lane("namespace " + order.requester().namespace(), OF_NAMESPACE),
                new Sends.Lane("server " + order.mail().server().key(), THROUGH_SERVER));
    }

    /** Sends one. Blocks as long as that takes. */
    public TestResult send(TestOrder order) {
        return told(order, NameLookup.in(order.requester().namespace(), () -> sender.send(order.mail())));
    }

    /** What becomes of one that failed by a defect of Postrider's own. */
    public TestResult failed(TestOrder order, Throwable defect) {
        return told(order, sender.failed(order.mail(), defect));
    }

    private TestResult told(TestOrder order, TestResult result) {
        TestMail mail = order.mail();
        LOG.info("test through MailServer {} for {}: from=<{}> to=<{}> {}", mail.server().key(),
                order.organization().map(o -> "OrganizationMailSettings " + o).orElse("itself"),
                printable(mail.envelopeFrom()), printable(mail.recipient()),
                result.failure()
                        .map(f -> "failed at " + f.step() + f.replyClass().map(name -> " class=" + name).orElse(""))
                        .orElse(mail.isSent() ? "accepted" : "reached"));
        Counter.builder("postrider.test.mails")
                .description("Test mails, by what was tested")
                .tag("of", order.organization().isPresent() ? "organization" : "server")
                .tag("outcome", result.failure().isPresent() ? "failed" : mail.isSent() ? "accepted" : "reached")
                .register(registry)
                .increment();
        return result;
    }

    /** A quoted local part may hold what looks like another field or another line. */
    private static String printable(String address) {
        StringBuilder plain = new StringBuilder(address.length());
        address.codePoints()
                .map(c -> c == ' ' || c == '<' || c == '>' || Character.isISOControl(c)
                        || Character.getType(c) == Character.FORMAT
                        || Character.getType(c) == Character.LINE_SEPARATOR ? '?' : c)
                .forEach(plain::appendCodePoint);
        return plain.toString();
    }
}
