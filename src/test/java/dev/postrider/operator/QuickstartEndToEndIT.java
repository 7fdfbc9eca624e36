package dev.postrider.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.api.Condition;
import dev.postrider.relay.TestRoutes;
import dev.postrider.relay.sink.Sink;
import dev.postrider.relay.smtp.SmtpListener;
import dev.postrider.testing.ApiServer;
import dev.postrider.testing.MailProgram;
import dev.postrider.testing.MountedBinding;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import dev.postrider.testing.UsesApiServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The resources of {@code examples/quickstart}, from {@code kubectl apply} to the mail in the mailbox. */
@UsesApiServer
final class QuickstartEndToEndIT {
    private static final Logger LOG = LoggerFactory.getLogger(QuickstartEndToEndIT.class);
    private static final TestCertificates CA = new TestCertificates("Company CA");

    @TempDir
    Path directory;

    /** The company's server: the machine's own Postfix with STARTTLS, or a sink with STARTTLS where there is none. */
    private record Company(String name, int port, Supplier<List<String>> mails, Runnable stop)
            implements
                AutoCloseable {
        static Company start() throws IOException {
            TestCertificates.Server certificate = CA.server("127.0.0.1");
            Optional<PostfixServer> postfix = PostfixServer.startIfInstalled(certificate);
            if (postfix.isPresent()) {
                return new Company("Postfix of this machine", postfix.get().port(), postfix.get()::mails,
                        postfix.get()::close);
            }
            Sink sink = Sink.open(new Sink.Options(loopback(), SmtpListener.Start.PLAIN,
                    Optional.of(certificate.context()), Optional.empty()), _ -> {});
            return new Company("sink, for Postfix is not installed or this is not root", sink.port(),
                    () -> sink.mails().stream().map(m -> m.content().replace("\r\n", "\n")).toList(), sink::close);
        }

        @Override
        public void close() {
            stop.run();
        }
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static String example(String file) throws IOException {
        return Files.readString(Path.of("examples/quickstart", file));
    }

    @Test
    void theQuickstartBecomesReadyAndItsMailArrives(ApiServer api, TestReporter reporter) throws Exception {
        String acme = api.createNamespace("acme");
        String globex = api.createNamespace("globex");
        try (Company company = Company.start();
                Sink own = Sink.open(new Sink.Options(loopback(), SmtpListener.Start.PLAIN, Optional.empty(),
                        Optional.of(new Sink.Login("globex", "try-it-out"))), _ -> {});
                var installation = new RunningInstallation(api, directory, "", acme, globex)) {
            tell(reporter, "upstream of the company", company.name());
            RunningOperator operator = installation.operator();
            operator.kubectl("create", "secret", "generic", "company-ca", "-n", "$OPERATOR",
                    "--from-literal=ca.crt=" + CA.pem());
            operator.kubectl("label", "secret", "company-ca", "-n", "$OPERATOR", "postrider.dev/credentials=true");
            operator.apply(example("10-global-server.yaml").replace("postrider-system", "$OPERATOR")
                    .replace("port: 2525", "port: " + company.port())
                    .replace("security: None", "security: StartTLS\n    tls: {caSecretRef: {name: company-ca}}")
                    .replace("recipient: postmaster@company.example", "recipient: postmaster@postfix.test"));
            operator.apply(example("20-acme.yaml").replace("namespace: acme", "namespace: " + acme));
            operator.apply(example("30-globex.yaml").replace("namespace: globex", "namespace: " + globex)
                    .replace("port: 2526", "port: " + own.port()));
            operator.apply(example("40-license-notice.yaml").replace("namespace: acme", "namespace: " + acme));
            operator.startRelay();
            installation.awaitServer(operator.namespace(), "company", "Ready", Condition.Status.True, "Accepted");
            installation.awaitServer(globex, "globex-own", "Ready", Condition.Status.True, "Accepted");
            installation.awaitOrganization(acme, "acme", "Ready", Condition.Status.True, "MailWorks");
            installation.awaitOrganization(globex, "globex", "Ready", Condition.Status.True, "MailWorks");

            List<MailProgram> programs = MailProgram.available();
            tell(reporter, "applications' mail sent by", programs.toString());
            for (MailProgram program : programs) {
                send(installation, program, installation.binding(acme, "acme-mail"), "buyer@postfix.test");
                send(installation, program, installation.binding(globex, "globex-mail"), "buyer@postfix.test");
            }

            for (MailProgram program : programs) {
                await().untilAsserted(() -> assertThat(company.mails().get())
                        .anySatisfy(mail -> assertArrived(mail, program, "no-reply@acme.example")));
                await().untilAsserted(() -> assertThat(own.mails())
                        .anySatisfy(mail -> assertArrived(mail.text().replace("\r\n", "\n"), program,
                                "no-reply@globex.example")));
            }
            assertThat(company.mails().get()).as("one test mail, and acme's").hasSize(1 + programs.size());
            assertThat(own.mails()).as("one test mail, and globex's").hasSize(1 + programs.size());

            statusesReadWell(operator, acme, globex, reporter);
        }
    }

    private void send(RunningInstallation installation, MailProgram program, MountedBinding binding, String to)
            throws Exception {
        assertThat(binding.host()).endsWith(installation.operator().namespace() + ".svc");
        program.send(binding, installation.relay().submissionPort(), directory,
                TestRoutes.trusting(binding.caCertificate()),
                new MailProgram.Mail(binding.from(), to, "Order sent by " + program,
                        "Thank you for your order, says " + program + "."));
    }

    private static void assertArrived(String mail, MailProgram program, String from) {
        assertThat(mail).contains("Subject: Order sent by " + program + "\n",
                "Thank you for your order, says " + program + ".\n", "with ESMTPSA", "To: ")
                .containsPattern("From: <?" + from);
    }

    private static void statusesReadWell(RunningOperator operator, String acme, String globex, TestReporter reporter) {
        await().untilAsserted(() -> assertThat(operator.kubectl("get", "len", "-n", acme)).containsPattern("""
                NAME +LICENSE +EXPIRY +DAYS LEFT +NEXT NOTICE +READY +REASON +AGE
                shop-license +Shop Pro +2035-01-31 +[0-9]+ +2035-01-12T09:00:00Z +True +\\w+ +[0-9]+s
                """));
        String all = operator.kubectl("get", "ms,oms,len", "-n", acme) + "\n"
                + operator.kubectl("get", "ms,oms,len", "-n", globex);
        String global = operator.kubectl("get", "ms", "-n", "$OPERATOR");
        tell(reporter, "kubectl get", global + "\n" + all);
        assertThat(global).matches("""
                NAME +SCOPE +SERVER +ACTIVE +READY +REASON +TESTED +AGE
                company +Global +127\\.0\\.0\\.1:[0-9]+ +true +True +Accepted +[0-9]+s +[0-9]+s
                """);
        assertThat(all).containsPattern("""
                NAME +FROM +SERVERS +BINDING +READY +REASON +AGE
                \\S*acme +no-reply@acme\\.example +global: company +acme-mail +True +MailWorks +[0-9]+s
                """)
                .containsPattern("globex-own +Organization +127\\.0\\.0\\.1:[0-9]+ +true +True +Accepted ")
                .containsPattern("globex +no-reply@globex\\.example +globex-own +globex-mail +True +MailWorks ");

        String server = operator.kubectl("describe", "ms", "company", "-n", "$OPERATOR");
        String organization = operator.kubectl("describe", "oms", "acme", "-n", acme);
        tell(reporter, "kubectl describe", server + "\n" + organization);
        assertThat(server).containsIgnoringWhitespaces(
                "Message: Email server accepted mail for delivery: 250 2.",
                "Reason: Accepted Status: True Type: TestSendSucceeded",
                "Test Send: Accepted: true", "Recipient: postmaster@postfix.test", "Tls Protocol: TLSv1.3",
                "TestSendSucceeded");
        assertThat(organization).containsIgnoringWhitespaces(
                "Message: mail can be sent with the login in Secret \"acme-mail\"",
                "Message: has no own servers and sends through the global " + operator.namespace() + "/company",
                "Reason: MailWorks Status: True Type: PasswordRecoveryAvailable",
                "Capabilities: Alerts: true Notifications: true Password Recovery: true Usage Report: false",
                "Server Summary: global: company");
    }

    /** For whoever reads the output of the build. */
    private static void tell(TestReporter reporter, String what, String text) {
        reporter.publishEntry(what, text);
        LOG.info("{}: {}", what, text);
    }
}
