package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.sink.ReceivedMail;
import dev.postrider.relay.sink.Sink;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.ConsumerPrograms;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.mail.MailSenderAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSender;

/** Applications that are configured from nothing but the binding send through a running relay. */
@Tag("organizations")
final class BoundConsumersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String RECIPIENT = "someone@example.net";
    private static final String NAME = "O'Brien & Söhne";

    @TempDir
    Path directory;

    @TempDir
    Path state;

    @TempDir
    Path work;

    private Sink sink;
    private LocalMode local;

    @BeforeEach
    void start() throws Exception {
        sink = Sink.open(Sink.Options.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> {});
        Files.writeString(directory.resolve("all.yaml"), """
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: postrider-system}
                spec:
                  scope: Global
                  smtp: {host: 127.0.0.1, port: %d, security: None}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme}
                spec:
                  identity: {from: {address: no-reply@acme.example, name: "%s"}}
                  administrators: [%s]
                  binding:
                    mountPath: %s
                    formats: [Environment, SpringBoot, Django, Rails, Node, Alertmanager, Gitea, Msmtp, Postfix]
                    template:
                      swaks.args: "--server {{host}}:{{port}} --auth-user {{username}}"
                """.formatted(sink.port(), NAME, RECIPIENT, binding()));
        begin();
    }

    private void begin() throws Exception {
        local = new LocalMode(new LocalMode.Options(directory, state, 0, false, Set.of(Check.SYSTEM_NAMESPACE), true),
                new LocalMode.Observer() {
                    @Override
                    public void checked(Check.Report report) {
                        assertThat(report.findings()).isEmpty();
                    }

                    @Override
                    public void changed(Snapshot snapshot) {}
                }, InstantSource.system());
        local.awaitSettled(PATIENCE);
    }

    @AfterEach
    void stop() throws IOException {
        local.close();
        sink.close();
    }

    private Path binding() {
        return state.resolve("bindings/acme/acme-mail");
    }

    @Test
    void entriesOfOnesOwnAreThere() {
        assertThat(binding().resolve("swaks.args")).hasContent(
                "--server localhost:" + local.port() + " --auth-user acme.acme");
    }

    @Test
    void springBoot() throws Exception {
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .registerShutdownHook(false)
                .run("--spring.config.import=file:" + binding().resolve("spring-mail.properties"))) {
            SimpleMailMessage mail = new SimpleMailMessage();
            mail.setFrom(new InternetAddress(context.getEnvironment().getRequiredProperty("postrider.from"),
                    context.getEnvironment().getRequiredProperty("postrider.from-name"), "UTF-8").toString());
            mail.setTo(RECIPIENT);
            mail.setSubject("by Spring Boot");
            mail.setText("text");
            context.getBean(JavaMailSender.class).send(mail);
        }
        assertArrived("by Spring Boot", NAME);
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({SslAutoConfiguration.class, MailSenderAutoConfiguration.class})
    static class Application {}

    @Test
    void django() throws Exception {
        Files.writeString(work.resolve("shop_settings.py"), "from django_mail import *\n");
        run(ConsumerPrograms.DJANGO, Map.of("PYTHONPATH", work + ":" + binding(), "DJANGO_SETTINGS_MODULE",
                "shop_settings"), "-c", """
                        import django
                        django.setup()
                        from django.core.mail import send_mail
                        assert send_mail('by Django', 'text', None, ['%s']) == 1
                        """.formatted(RECIPIENT));
        assertArrived("by Django", NAME);
    }

    /** As an application does that has the entries as its environment. */
    @Test
    void anythingThatReadsItsEnvironment() throws Exception {
        run(ConsumerPrograms.PYTHON, environment("SMTP_"), "-c", """
                import os, smtplib, ssl
                from email.message import EmailMessage
                from email.headerregistry import Address
                e = os.environ
                m = EmailMessage()
                user, domain = e['SMTP_FROM'].split('@')
                m['From'] = Address(e['SMTP_FROM_NAME'], user, domain)
                m['To'] = '%s'
                m['Subject'] = 'by Python'
                m.set_content('text')
                with smtplib.SMTP(e['SMTP_HOST'], int(e['SMTP_PORT']), timeout=20) as s:
                    s.starttls(context=ssl.create_default_context(cafile=e['SMTP_CA_FILE']))
                    s.login(e['SMTP_USERNAME'], e['SMTP_PASSWORD'])
                    s.send_message(m)
                """.formatted(RECIPIENT));
        assertArrived("by Python", NAME);
    }

    /** The entries that an application has as its environment. */
    private Map<String, String> environment(String prefix) throws IOException {
        Map<String, String> environment = new HashMap<>();
        try (Stream<Path> files = Files.list(binding())) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith(prefix)).toList()) {
                environment.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return environment;
    }

    /** Gitea's own settings and mailer, which find the authority where the docs say that Go's TLS is told of it. */
    @Test
    void gitea() throws Exception {
        Map<String, String> environment = environment("GITEA__");
        environment.put("SSL_CERT_DIR", "/etc/ssl/certs:" + binding());
        run(ConsumerPrograms.GITEA, environment, RECIPIENT, "by Gitea");
        assertArrived("by Gitea", NAME);
    }

    @Test
    void actionMailersDelivery() throws Exception {
        run(ConsumerPrograms.RUBY_MAIL, Map.of("LC_ALL", "C.UTF-8"), "-ryaml", "-rmail", "-e", """
                mail = YAML.load_file('%s', symbolize_names: true)
                Mail.defaults { delivery_method :smtp, mail[:smtp_settings] }
                Mail.deliver do
                  from mail[:default_options][:from]
                  to '%s'
                  subject 'by Action Mailer'
                  body 'text'
                end
                """.formatted(binding().resolve("rails-mail.yml"), RECIPIENT));
        assertArrived("by Action Mailer", NAME);
    }

    @Test
    void nodemailer() throws Exception {
        run(ConsumerPrograms.NODEMAILER, Map.of("NODE_PATH", ConsumerPrograms.nodePath(), "NODEMAILER_URL",
                Files.readString(binding().resolve("NODEMAILER_URL")), "NODEMAILER_FROM",
                Files.readString(binding().resolve("NODEMAILER_FROM"))), "-e", """
                        const transport = require('nodemailer').createTransport(
                            process.env.NODEMAILER_URL, { from: process.env.NODEMAILER_FROM });
                        transport.sendMail({ to: '%s', subject: 'by Nodemailer', text: 'text' })
                            .catch(e => { console.error(e); process.exit(1); });
                        """.formatted(RECIPIENT));
        assertArrived("by Nodemailer", NAME);
    }

    @Test
    void alertmanager() throws Exception {
        run(ConsumerPrograms.ALERTMANAGER, Map.of(), binding().resolve("alertmanager.yaml").toString());
        assertArrived("DiskFull", NAME);
    }

    @Test
    void msmtp() throws Exception {
        CommandResult result = CommandResult.run(work, Map.of(), "Subject: by msmtp\nTo: " + RECIPIENT + "\n\ntext\n",
                command(ConsumerPrograms.MSMTP, "--file=" + binding().resolve("msmtprc"), "-t"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertArrived("by msmtp", "");
    }

    /** A whole Postfix that takes mail and hands it on; what it is given is all of the file. */
    @Test
    void postfix() throws Exception {
        ConsumerPrograms.POSTFIX.require();
        Assumptions.assumeTrue(hasSaslPlain(), "Cyrus SASL has no PLAIN here: install libsasl2-modules");
        List<String> settings = new ArrayList<>(Files.readAllLines(binding().resolve("postfix-main.cf")));
        settings.addAll(List.of("default_transport = smtp", "smtpd_relay_restrictions = permit_mynetworks, reject",
                "inet_protocols = ipv4"));
        Optional<PostfixServer> started = PostfixServer
                .startIfInstalled(TestCertificates.selfSigned(TestCertificates.Request.of("localhost")), settings);
        Assumptions.assumeTrue(started.isPresent(), "Postfix cannot be started here");
        try (PostfixServer postfix = started.get()) {
            Properties properties = new Properties();
            properties.put("mail.smtp.host", "127.0.0.1");
            properties.put("mail.smtp.port", "" + postfix.port());
            properties.put("mail.smtp.from", "no-reply@acme.example");
            MimeMessage mail = new MimeMessage(Session.getInstance(properties));
            mail.setFrom("no-reply@acme.example");
            mail.setRecipients(MimeMessage.RecipientType.TO, RECIPIENT);
            mail.setSubject("by Postfix");
            mail.setText("text");
            jakarta.mail.Transport.send(mail);
            try {
                assertArrived("by Postfix", "");
            } catch (AssertionError | java.util.NoSuchElementException e) {
                throw new AssertionError(postfix.log(), e);
            }
        }
    }

    /** Postfix cannot be asked for the mechanisms of the library that it logs in by. */
    private static boolean hasSaslPlain() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
            return folders.anyMatch(folder -> Files.exists(folder.resolve("sasl2/libplain.so")));
        }
    }

    /** Whoever still has the former password sends with it; when its time is over, it is refused. */
    @Test
    void bothPasswordsLogInUntilTheOverlapIsOver() throws Exception {
        String old = Files.readString(binding().resolve("password"));
        rotate("one", "1h");
        String rotated = Files.readString(binding().resolve("password"));
        assertThat(rotated).isNotEqualTo(old);
        assertThat(Files.readString(binding().resolve("SMTP_URL"))).contains(rotated);
        assertThat(login(old)).isEqualTo("taken");
        assertThat(login(rotated)).isEqualTo("taken");

        rotate("one", "0s");
        assertThat(Files.readString(binding().resolve("password"))).isEqualTo(rotated);
        assertThat(login(old)).startsWith("535 5.7.8");
        assertThat(login(rotated)).isEqualTo("taken");
    }

    /** Also a run that begins anew, with nothing but its files. */
    private void rotate(String wish, String overlap) throws Exception {
        local.close();
        Path file = directory.resolve("all.yaml");
        Files.writeString(file, Files.readString(file)
                .replaceAll("\\{name: acme, namespace: acme.*}", "{name: acme, namespace: acme, annotations: "
                        + "{postrider.dev/rotate: " + wish + "}}")
                .replaceAll("    rotationOverlap: .*\n", "")
                .replace("    mountPath:", "    rotationOverlap: " + overlap + "\n    mountPath:"));
        begin();
    }

    private String login(String password) throws Exception {
        Properties properties = new Properties();
        properties.put("mail.smtp.starttls.required", "true");
        properties.put("mail.smtp.ssl.trust", "localhost");
        try (jakarta.mail.Transport transport = Session.getInstance(properties).getTransport("smtp")) {
            transport.connect("localhost", local.port(), "acme.acme", password);
            return "taken";
        } catch (jakarta.mail.AuthenticationFailedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private void run(ConsumerPrograms program, Map<String, String> environment, String... arguments) {
        CommandResult result = CommandResult.run(work, environment, "", command(program, arguments));
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
    }

    private static List<String> command(ConsumerPrograms program, String... arguments) {
        List<String> command = new ArrayList<>(program.require());
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private void assertArrived(String subject, String name) throws Exception {
        ReceivedMail mail = sink.await(1, PATIENCE).getFirst();
        MimeMessage message = new MimeMessage(Session.getInstance(new Properties()),
                new ByteArrayInputStream(mail.octets()));
        assertThat(message.getSubject()).contains(subject);
        assertThat(mail.submission().mailboxes()).containsExactly(RECIPIENT);
        InternetAddress from = (InternetAddress) message.getFrom()[0];
        assertThat(from.getAddress()).isEqualTo("no-reply@acme.example");
        assertThat(Optional.ofNullable(from.getPersonal()).orElse("")).isEqualTo(name);
    }
}
