package dev.postrider.plan.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.postrider.api.BindingFormat;
import dev.postrider.route.Address;
import dev.postrider.testing.CommandResult;
import dev.postrider.testing.ConsumerPrograms;
import dev.postrider.testing.GoldenFiles;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each format writes, read again by the parser of its reader where that can be had. */
@Tag("organizations")
final class ReadyMadeEntriesTest {
    private static final String AWKWARD = "O'Brien \"& Söhne\" \\ #1 = $5; 日本 😀: {x} 100%";
    private static final Path GOLDEN = Path.of("src/test/resources/bindings");

    @TempDir
    Path directory;

    private static MailAccount account(String name) {
        return account(new Address("no-reply@acme.example", Optional.of(name)));
    }

    private static MailAccount account(Address from) {
        return new MailAccount("postrider-relay.postrider-system.svc", 587, "shop.acme", "a-password_of-43-characters",
                from, Optional.of(new Address("help@acme.example", Optional.of("Acme's \"Help\""))),
                Optional.of("bounces@acme.example"), List.of("ops@acme.example", "boss@acme.example"),
                "/etc/mail-binding",
                Optional.of("-----BEGIN CERTIFICATE-----\nAB+/=\n-----END CERTIFICATE-----\n"));
    }

    @ParameterizedTest
    @EnumSource
    void isWhatThePageShows(BindingFormat format) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(ReadyMadeEntries.of(format, account("Acme \"Shop\" Köln"))).forEach(
                (key, value) -> text.append("==> ")
                        .append(key)
                        .append(" <==\n")
                        .append(value.stripTrailing())
                        .append(
                                "\n"));
        GoldenFiles.check(GOLDEN.resolve(format + ".txt"), text.toString(), ReadyMadeEntriesTest.class);
    }

    @Test
    void noTwoFormatsHaveAKeyInCommonAndEachKeyIsOneThatSecretsTake() {
        List<String> keys = new ArrayList<>(List.of("type", "provider", "host", "port", "username", "password", "from",
                "from-name", "reply-to", "reply-to-name", "envelope-from", "ca.crt", "uri", "submitter-prefix"));
        for (BindingFormat format : BindingFormat.values()) {
            keys.addAll(ReadyMadeEntries.of(format, account("Acme")).keySet());
        }
        assertThat(keys).doesNotHaveDuplicates().allMatch(key -> key.matches("[-._a-zA-Z0-9]+"));
    }

    @ParameterizedTest
    @EnumSource
    void withoutAnAuthorityNoneIsNamed(BindingFormat format) {
        MailAccount a = account("Acme");
        MailAccount known = new MailAccount(a.host(), a.port(), a.username(), a.password(), a.from(), Optional.empty(),
                Optional.empty(), a.recipients(), a.mountPath(), Optional.empty());
        assertThat(ReadyMadeEntries.of(format, known).values()).noneMatch(
                text -> text.contains("ca.crt") || text.contains("cafile") || text.contains("tls.ca="));
    }

    /** An expression in a name would be carried out by the reader: files read, code run. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SpringBoot   | ${java.home}                    | ${
            SpringBoot   | #{T(java.lang.Runtime)}         | #{
            Quarkus      | ${user.name}                    | ${
            Keycloak     | ${vault.key}                    | ${
            Grafana      | $__file{/etc/passwd}            | $__
            Grafana      | ${HOME}                         | ${
            Grafana      | %(password)s                    | %(
            Alertmanager | {{ .Alerts }}                   | {{
            Gitea        | a`b                             | `
            """)
    void whatTheReaderWouldTakeForAnExpressionIsRefused(BindingFormat format, String name, String expression) {
        assertThat(Unwritable.why(format, account(name))).hasValueSatisfying(why -> assertThat(why)
                .startsWith("reads \"" + expression + "\" as an expression"));
        assertThat(Unwritable.why(format, account(new Address(name.replace(" ", "") + "@acme.example",
                Optional.empty())))).isPresent();
        assertThatIllegalArgumentException().isThrownBy(() -> ReadyMadeEntries.of(format, account(name)))
                .withMessageStartingWith(format + " reads");
    }

    @Test
    void alertsNeedSomebodyToTell() {
        MailAccount a = account("Acme");
        MailAccount nobody = new MailAccount(a.host(), a.port(), a.username(), a.password(), a.from(), a.replyTo(),
                a.envelopeFrom(), List.of(), a.mountPath(), a.caCertificate());
        assertThat(Unwritable.why(BindingFormat.Alertmanager, nobody))
                .hasValue("must know whom to send alerts to; set spec.administrators");
    }

    @Test
    void propertiesOfJavaAreReadByJava() throws IOException {
        for (String key : List.of("spring-mail.properties", "quarkus-mail.properties")) {
            BindingFormat format = key.startsWith("spring") ? BindingFormat.SpringBoot : BindingFormat.Quarkus;
            Properties properties = new Properties();
            properties.load(new StringReader(entry(format, key)));
            assertThat(properties.values()).anyMatch(value -> value.equals(AWKWARD)
                    || value.equals(Quoted.mailbox(account(AWKWARD).from())));
        }
    }

    @Test
    void quarkusReadsItsPropertiesWithSmallRye() throws IOException {
        Path file = Files.writeString(directory.resolve("quarkus-mail.properties"),
                entry(BindingFormat.Quarkus, "quarkus-mail.properties"));
        SmallRyeConfig config = new SmallRyeConfigBuilder().addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(file.toUri().toURL()))
                .build();
        assertThat(config.getValue("quarkus.mailer.from", String.class))
                .isEqualTo(Quoted.mailbox(account(AWKWARD).from()));
        assertThat(config.getValue("quarkus.mailer.tls", Boolean.class)).isFalse();
        assertThat(config.getValue("quarkus.tls.postrider.trust-store.pem.certs", String[].class))
                .containsExactly("/etc/mail-binding/ca.crt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a-b"})
    void yamlAndJsonHoldWhatWasMeant(String suffix) throws IOException {
        String name = AWKWARD + suffix + "\u2028\u0085";
        JsonNode rails = new YAMLMapper().readTree(entry(BindingFormat.Rails, "rails-mail.yml", name));
        assertThat(rails.at("/smtp_settings/enable_starttls").asBoolean()).isTrue();
        assertThat(rails.at("/default_options/from").asText()).isEqualTo(Quoted.mailbox(account(name).from()));
        JsonNode keycloak = new JsonMapper().readTree(entry(BindingFormat.Keycloak, "keycloak-realm.json", name));
        assertThat(keycloak.at("/smtpServer/fromDisplayName").asText()).isEqualTo(name);
        assertThat(keycloak.at("/smtpServer")).allSatisfy(value -> assertThat(value.isTextual()).isTrue());
        JsonNode dotNet = new JsonMapper().readTree(entry(BindingFormat.DotNet, "appsettings.mail.json", name));
        assertThat(dotNet.at("/Smtp/FromName").asText()).isEqualTo(name);
        assertThat(dotNet.at("/Smtp/Port").isInt()).isTrue();
    }

    @Test
    void aUrlForNodeHoldsTheAuthorityItself() {
        Map<String, String> entries = ReadyMadeEntries.of(BindingFormat.Node, account(AWKWARD));
        URI url = URI.create(entries.get("NODEMAILER_URL"));
        assertThat(url.getUserInfo()).isEqualTo("shop.acme:a-password_of-43-characters");
        assertThat(Arrays.stream(url.getRawQuery().split("&"))
                .map(part -> URLDecoder.decode(part, StandardCharsets.UTF_8))).containsExactly("requireTLS=true",
                        "tls.ca=-----BEGIN CERTIFICATE-----\nAB+/=\n-----END CERTIFICATE-----\n");
    }

    @Test
    void pythonReadsItsModules() throws IOException {
        JsonNode read = read(ConsumerPrograms.PYTHON, "-c", """
                import sys, json, ast
                ns = {}
                exec(open(sys.argv[1]).read(), ns)
                ast.parse(open(sys.argv[2]).read())
                print(json.dumps({k: v for k, v in ns.items() if k.isupper()}))
                """, file(BindingFormat.Django, "django_mail.py"),
                file(BindingFormat.Django, "django_mail_backend.py"));
        assertThat(read.path("DEFAULT_FROM_EMAIL").asText()).isEqualTo(Quoted.mailbox(account(AWKWARD).from()));
        assertThat(read.path("EMAIL_USE_TLS").isBoolean()).isTrue();
    }

    @Test
    void phpReadsWhatNextcloudIncludes() throws IOException {
        Address from = new Address("it's@acme.example", Optional.empty());
        Path file = Files.writeString(directory.resolve("mail.config.php"), ReadyMadeEntries
                .of(BindingFormat.Nextcloud, account(from))
                .get("nextcloud-mail.config.php"));
        JsonNode read = read(ConsumerPrograms.PHP, "-r", "include $argv[1]; echo json_encode($CONFIG);",
                file.toString());
        assertThat(read.path("mail_from_address").asText()).isEqualTo("it's");
        assertThat(read.path("mail_smtpport").isInt()).isTrue();
        assertThat(read.at("/mail_smtpstreamoptions/ssl/cafile").asText()).isEqualTo("/etc/mail-binding/ca.crt");
    }

    @Test
    void rubyReadsWhatGitLabIncludes() throws IOException {
        JsonNode read = read(ConsumerPrograms.RUBY_MAIL, "-rjson", "-e",
                "$h = {}; def gitlab_rails; $h; end; load ARGV[0]; puts $h.to_json",
                file(BindingFormat.GitLab, "gitlab-mail.rb"));
        assertThat(read.path("gitlab_email_display_name").asText()).isEqualTo(AWKWARD);
        assertThat(read.path("smtp_port").isInt()).isTrue();
        assertThat(read.path("smtp_tls").isBoolean()).isTrue();
    }

    @Test
    void postconfReadsItsSettings() throws IOException {
        List<String> command = new ArrayList<>(ConsumerPrograms.POSTFIX.require());
        Files.writeString(directory.resolve("main.cf"), "compatibility_level = 3.6\n"
                + entry(BindingFormat.Postfix, "postfix-main.cf"));
        Files.writeString(directory.resolve("master.cf"), "");
        command.addAll(List.of("-c", directory.toString(), "-n"));
        CommandResult result = CommandResult.run(directory, Map.of(), "", command);
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("relayhost = [postrider-relay.postrider-system.svc]:587",
                "smtp_tls_security_level = secure", "smtp_tls_CAfile = /etc/mail-binding/ca.crt");
    }

    private static String entry(BindingFormat format, String key) {
        return entry(format, key, AWKWARD);
    }

    private static String entry(BindingFormat format, String key, String name) {
        return new HashMap<>(ReadyMadeEntries.of(format, account(name))).getOrDefault(key, "no such entry");
    }

    private String file(BindingFormat format, String key) throws IOException {
        return Files.writeString(directory.resolve(key), entry(format, key)).toString();
    }

    private JsonNode read(ConsumerPrograms program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(program.require());
        command.addAll(Arrays.asList(arguments));
        CommandResult result = CommandResult.run(directory, Map.of("LC_ALL", "C.UTF-8"), "", command);
        assertThat(result.exitCode()).as(result.err()).isZero();
        return new JsonMapper().readTree(result.out());
    }
}
