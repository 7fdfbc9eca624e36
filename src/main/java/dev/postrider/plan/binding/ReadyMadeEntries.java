package dev.postrider.plan.binding;

import dev.postrider.api.BindingFormat;
import dev.postrider.plan.binding.Lines.Assignment;
import dev.postrider.route.Address;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The entries of each format. Who reads its environment finds the variables themselves, for {@code envFrom}; who reads a
 * file finds it under its name, for a mounted Secret. docs/bindings.md tells how each is used.
 */
public final class ReadyMadeEntries {
    private ReadyMadeEntries() {}

    /**
     * Entries of the binding by their keys. No two formats have a key in common.
     *
     * @throws IllegalArgumentException if a value cannot be written so; see {@link Unwritable#why}
     */
    public static Map<String, String> of(BindingFormat format, MailAccount account) {
        Unwritable.why(format, account).ifPresent(why -> {
            throw new IllegalArgumentException(format + " " + why);
        });
        return switch (format) {
            case Environment -> environment(account);
            case SpringBoot -> springBoot(account);
            case Quarkus -> quarkus(account);
            case Django -> django(account);
            case Rails -> rails(account);
            case Laravel -> laravel(account);
            case Node -> node(account);
            case DotNet -> dotNet(account);
            case Grafana -> grafana(account);
            case Alertmanager -> alertmanager(account);
            case Keycloak -> keycloak(account);
            case GitLab -> gitLab(account);
            case Gitea -> gitea(account);
            case Nextcloud -> nextcloud(account);
            case Discourse -> discourse(account);
            case Msmtp -> msmtp(account);
            case Postfix -> postfix(account);
        };
    }

    private static Map<String, String> environment(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        entries.put("SMTP_HOST", a.host());
        entries.put("SMTP_PORT", Integer.toString(a.port()));
        entries.put("SMTP_USERNAME", a.username());
        entries.put("SMTP_PASSWORD", a.password());
        entries.put("SMTP_STARTTLS", "true");
        entries.put("SMTP_URL", a.uri());
        entries.put("SMTP_FROM", a.from().address());
        name(a.from()).ifPresent(name -> entries.put("SMTP_FROM_NAME", name));
        a.replyTo().ifPresent(to -> entries.put("SMTP_REPLY_TO", to.address()));
        a.envelopeFrom().ifPresent(address -> entries.put("SMTP_ENVELOPE_FROM", address));
        a.caFile().ifPresent(file -> entries.put("SMTP_CA_FILE", file));
        return entries;
    }

    private static Map<String, String> springBoot(MailAccount a) {
        Lines lines = new Lines(Assignment.PROPERTY).put("spring.mail.host", a.host())
                .put("spring.mail.port", a.port())
                .put("spring.mail.username", a.username())
                .put("spring.mail.password", a.password())
                .put("spring.mail.default-encoding", "UTF-8")
                .put("spring.mail.properties.mail.smtp.auth", true)
                .put("spring.mail.properties.mail.smtp.starttls.enable", true)
                .put("spring.mail.properties.mail.smtp.starttls.required", true)
                .put("spring.mail.properties.mail.smtp.ssl.checkserveridentity", true)
                .put("spring.mail.properties.mail.from", a.from().address());
        a.envelopeFrom().ifPresent(address -> lines.put("spring.mail.properties.mail.smtp.from", address));
        a.caFile()
                .ifPresent(file -> lines.put("spring.mail.ssl.bundle", "postrider")
                        .put("spring.ssl.bundle.pem.postrider.truststore.certificate", "file:" + file));
        // Spring Boot has no setting for the sender: an application reads these by @Value.
        lines.put("postrider.from", a.from().address());
        name(a.from()).ifPresent(name -> lines.put("postrider.from-name", name));
        a.replyTo().ifPresent(to -> lines.put("postrider.reply-to", to.address()));
        return Map.of("spring-mail.properties", lines.toString());
    }

    private static Map<String, String> quarkus(MailAccount a) {
        Lines lines = new Lines(Assignment.PROPERTY).put("quarkus.mailer.host", a.host())
                .put("quarkus.mailer.port", a.port())
                .put("quarkus.mailer.username", a.username())
                .put("quarkus.mailer.password", a.password())
                .put("quarkus.mailer.login", "REQUIRED")
                // A TLS configuration alone would have it begin with TLS.
                .put("quarkus.mailer.tls", false)
                .put("quarkus.mailer.start-tls", "REQUIRED")
                .put("quarkus.mailer.from", Quoted.mailbox(a.from()));
        a.envelopeFrom().ifPresent(address -> lines.put("quarkus.mailer.bounce-address", address));
        a.caFile()
                .ifPresent(file -> lines.put("quarkus.mailer.tls-configuration-name", "postrider")
                        .put("quarkus.tls.postrider.trust-store.pem.certs", file));
        return Map.of("quarkus-mail.properties", lines.toString());
    }

    private static Map<String, String> django(MailAccount a) {
        Lines lines = new Lines(Assignment.PYTHON).put("EMAIL_BACKEND", "django_mail_backend.EmailBackend")
                .put("EMAIL_HOST", a.host())
                .put("EMAIL_PORT", a.port())
                .put("EMAIL_HOST_USER", a.username())
                .put("EMAIL_HOST_PASSWORD", a.password())
                .put("EMAIL_USE_TLS", true)
                .put("DEFAULT_FROM_EMAIL", Quoted.mailbox(a.from()))
                .put("SERVER_EMAIL", a.from().address());
        a.replyTo().ifPresent(to -> lines.put("DEFAULT_REPLY_TO_EMAIL", Quoted.mailbox(to)));
        // Django has no setting for an authority, and SSL_CERT_FILE would hold for all other connections too.
        String authority = a.caFile().map(file -> "cafile=" + Quoted.doubly(file)).orElse("");
        return Map.of("django_mail.py", lines.toString(), "django_mail_backend.py", """
                import ssl

                from django.core.mail.backends.smtp import EmailBackend as SmtpBackend


                class EmailBackend(SmtpBackend):
                    @property
                    def ssl_context(self):
                        return ssl.create_default_context(%s)
                """.formatted(authority));
    }

    private static Map<String, String> rails(MailAccount a) {
        Lines settings = new Lines(Assignment.NESTED_YAML).put("address", a.host())
                .put("port", a.port())
                .put("user_name", a.username())
                .put("password", a.password())
                .put("authentication", "plain")
                .put("enable_starttls", true)
                .put("openssl_verify_mode", "peer");
        a.caFile().ifPresent(file -> settings.put("ca_file", file));
        Lines options = new Lines(Assignment.NESTED_YAML).put("from", Quoted.mailbox(a.from()));
        a.replyTo().ifPresent(to -> options.put("reply_to", Quoted.mailbox(to)));
        return Map.of("rails-mail.yml", "smtp_settings:\n" + settings + "default_options:\n" + options);
    }

    private static Map<String, String> laravel(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        entries.put("MAIL_MAILER", "smtp");
        entries.put("MAIL_SCHEME", "smtp");
        entries.put("MAIL_HOST", a.host());
        entries.put("MAIL_PORT", Integer.toString(a.port()));
        entries.put("MAIL_USERNAME", a.username());
        entries.put("MAIL_PASSWORD", a.password());
        // Only as a part of the URL can STARTTLS be insisted on.
        entries.put("MAIL_URL", a.uri() + "?require_tls=true");
        entries.put("MAIL_FROM_ADDRESS", a.from().address());
        name(a.from()).ifPresent(name -> entries.put("MAIL_FROM_NAME", name));
        return entries;
    }

    private static Map<String, String> node(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        // Node takes the authority itself; so a URL is enough, and nothing need be mounted.
        entries.put("NODEMAILER_URL", a.uri() + "/?requireTLS=true" + a.caCertificate()
                .map(ca -> "&tls.ca=" + URLEncoder.encode(ca, StandardCharsets.UTF_8).replace("+", "%20"))
                .orElse(""));
        entries.put("NODEMAILER_FROM", Quoted.mailbox(a.from()));
        a.replyTo().ifPresent(to -> entries.put("NODEMAILER_REPLY_TO", Quoted.mailbox(to)));
        return entries;
    }

    private static Map<String, String> dotNet(MailAccount a) {
        Lines lines = new Lines(Assignment.JSON).put("Host", a.host())
                .put("Port", a.port())
                .put("Username", a.username())
                .put("Password", a.password())
                .put("SecureSocketOptions", "StartTls")
                .put("From", a.from().address());
        name(a.from()).ifPresent(name -> lines.put("FromName", name));
        a.replyTo().ifPresent(to -> lines.put("ReplyTo", to.address()));
        a.envelopeFrom().ifPresent(address -> lines.put("EnvelopeFrom", address));
        a.caFile().ifPresent(file -> lines.put("CaFile", file));
        return Map.of("appsettings.mail.json", lines.inObject("Smtp"));
    }

    private static Map<String, String> grafana(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        entries.put("GF_SMTP_ENABLED", "true");
        entries.put("GF_SMTP_HOST", a.host() + ":" + a.port());
        entries.put("GF_SMTP_USER", a.username());
        entries.put("GF_SMTP_PASSWORD", a.password());
        entries.put("GF_SMTP_STARTTLS_POLICY", "MandatoryStartTLS");
        entries.put("GF_SMTP_SKIP_VERIFY", "false");
        entries.put("GF_SMTP_FROM_ADDRESS", a.from().address());
        name(a.from()).ifPresent(name -> entries.put("GF_SMTP_FROM_NAME", name));
        return entries;
    }

    private static Map<String, String> alertmanager(MailAccount a) {
        Lines lines = new Lines(Assignment.NESTED_YAML).put("smtp_smarthost", a.host() + ":" + a.port())
                .put("smtp_from", Quoted.asciiMailbox(a.from()))
                .put("smtp_auth_username", a.username())
                .put("smtp_auth_password", a.password())
                .put("smtp_require_tls", true);
        a.caFile().ifPresent(file -> lines.line("smtp_tls_config: {ca_file: " + Quoted.doubly(file) + "}"));
        String headers = a.replyTo()
                .map(to -> "        headers: {Reply-To: " + Quoted.doubly(Quoted.asciiMailbox(to)) + "}\n")
                .orElse("");
        return Map.of("alertmanager.yaml", "global:\n" + lines + """
                route:
                  receiver: mail
                receivers:
                  - name: mail
                    email_configs:
                      - to: %s
                        send_resolved: true
                """.formatted(Quoted.doubly(String.join(", ", a.recipients()))) + headers);
    }

    private static Map<String, String> keycloak(MailAccount a) {
        Lines lines = new Lines(Assignment.JSON_OF_TEXTS).put("host", a.host())
                .put("port", a.port())
                .put("auth", true)
                .put("user", a.username())
                .put("password", a.password())
                .put("starttls", true)
                .put("ssl", false)
                .put("from", a.from().address());
        name(a.from()).ifPresent(name -> lines.put("fromDisplayName", name));
        a.replyTo().ifPresent(to -> lines.put("replyTo", to.address()));
        a.replyTo().flatMap(ReadyMadeEntries::name).ifPresent(name -> lines.put("replyToDisplayName", name));
        a.envelopeFrom().ifPresent(address -> lines.put("envelopeFrom", address));
        return Map.of("keycloak-realm.json", lines.inObject("smtpServer"));
    }

    private static Map<String, String> gitLab(MailAccount a) {
        Lines lines = new Lines(Assignment.OMNIBUS).put("smtp_enable", true)
                .put("smtp_address", a.host())
                .put("smtp_port", a.port())
                .put("smtp_user_name", a.username())
                .put("smtp_password", a.password())
                .put("smtp_authentication", "plain")
                .put("smtp_enable_starttls_auto", true)
                .put("smtp_tls", false)
                .put("smtp_openssl_verify_mode", "peer");
        a.caFile().ifPresent(file -> lines.put("smtp_ca_file", file));
        lines.put("gitlab_email_from", a.from().address());
        name(a.from()).ifPresent(name -> lines.put("gitlab_email_display_name", name));
        a.replyTo().ifPresent(to -> lines.put("gitlab_email_reply_to", to.address()));
        return Map.of("gitlab-mail.rb", lines.toString());
    }

    private static Map<String, String> gitea(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        entries.put("GITEA__mailer__ENABLED", "true");
        entries.put("GITEA__mailer__PROTOCOL", "smtp+starttls");
        entries.put("GITEA__mailer__SMTP_ADDR", a.host());
        entries.put("GITEA__mailer__SMTP_PORT", Integer.toString(a.port()));
        entries.put("GITEA__mailer__USER", a.username());
        entries.put("GITEA__mailer__PASSWD", a.password());
        entries.put("GITEA__mailer__FORCE_TRUST_SERVER_CERT", "false");
        entries.put("GITEA__mailer__FROM", Quoted.mailbox(a.from()));
        a.envelopeFrom().ifPresent(address -> entries.put("GITEA__mailer__ENVELOPE_FROM", address));
        return entries;
    }

    private static Map<String, String> nextcloud(MailAccount a) {
        int at = a.from().address().lastIndexOf('@');
        Lines lines = new Lines(Assignment.PHP).put("mail_smtpmode", "smtp")
                .put("mail_smtphost", a.host())
                .put("mail_smtpport", a.port())
                // STARTTLS has no name here: it is what is done without one.
                .put("mail_smtpsecure", "")
                .put("mail_smtpauth", true)
                .put("mail_smtpname", a.username())
                .put("mail_smtppassword", a.password())
                .put("mail_from_address", a.from().address().substring(0, at))
                .put("mail_domain", a.from().address().substring(at + 1));
        a.caFile()
                .ifPresent(file -> lines.line("'mail_smtpstreamoptions' => ['ssl' => ['cafile' => "
                        + Quoted.singly(file) + ", 'verify_peer' => true, 'verify_peer_name' => true]],"));
        return Map.of("nextcloud-mail.config.php", "<?php\n$CONFIG = [\n" + lines + "];\n");
    }

    private static Map<String, String> discourse(MailAccount a) {
        Map<String, String> entries = new TreeMap<>();
        entries.put("DISCOURSE_SMTP_ADDRESS", a.host());
        entries.put("DISCOURSE_SMTP_PORT", Integer.toString(a.port()));
        entries.put("DISCOURSE_SMTP_USER_NAME", a.username());
        entries.put("DISCOURSE_SMTP_PASSWORD", a.password());
        entries.put("DISCOURSE_SMTP_AUTHENTICATION", "plain");
        entries.put("DISCOURSE_SMTP_ENABLE_START_TLS", "true");
        entries.put("DISCOURSE_SMTP_OPENSSL_VERIFY_MODE", "peer");
        entries.put("DISCOURSE_NOTIFICATION_EMAIL", a.from().address());
        return entries;
    }

    private static Map<String, String> msmtp(MailAccount a) {
        Lines lines = new Lines(Assignment.WORD).put("account", "default")
                .put("host", a.host())
                .put("port", a.port())
                .put("auth", "plain")
                .put("user", a.username())
                // A file with a password in it is refused where others may read it, as they may where it is mounted.
                .put("passwordeval", "cat " + a.mountPath() + "/password")
                .put("tls", "on")
                .put("tls_starttls", "on")
                .put("tls_trust_file", a.caFile().orElse("system"))
                .put("from", a.from().address());
        return Map.of("msmtprc", lines.toString());
    }

    private static Map<String, String> postfix(MailAccount a) {
        String nexthop = "[" + a.host() + "]:" + a.port();
        Lines lines = new Lines(Assignment.EQUALS).put("relayhost", nexthop)
                // As the system looks names up: DNS alone would not complete the name of a Service.
                .put("smtp_host_lookup", "native")
                .put("smtp_sasl_auth_enable", "yes")
                // Without an index, so that nothing need be made of what is mounted.
                .put("smtp_sasl_password_maps", "texthash:" + a.mountPath() + "/postfix-sasl-password")
                .put("smtp_sasl_security_options", "noanonymous")
                .put("smtp_sasl_mechanism_filter", "plain, login")
                .put("smtp_tls_security_level", "secure")
                .put("smtp_tls_secure_cert_match", "nexthop");
        a.caFile().ifPresent(file -> lines.put("smtp_tls_CAfile", file));
        return Map.of("postfix-main.cf", lines.toString(), "postfix-sasl-password",
                nexthop + " " + a.username() + ":" + a.password() + "\n");
    }

    private static Optional<String> name(Address address) {
        return address.name().filter(name -> !name.isEmpty());
    }
}
