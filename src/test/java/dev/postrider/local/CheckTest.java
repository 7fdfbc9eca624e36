package dev.postrider.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Manifests in, findings out. */
final class CheckTest {
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata:
              name: main
              namespace: postrider-system
            """;

    @TempDir
    Path directory;

    static Stream<Arguments> manifests() {
        return Stream.of(
                row("a valid server", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                        """),
                row("a number out of range", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                            port: 70000
                        """, "m.yaml:9: spec.smtp.port: Invalid value: 70000: should be less than or equal to 65535"),
                row("every problem, not only the first", SERVER + """
                        spec:
                          scope: Everybody
                          smtp:
                            prot: 25
                            maxConnections: 0
                            connectTimeout: soon
                            security: yes
                          description: [a]
                        """,
                        "m.yaml:7: spec.scope: Unsupported value: \"Everybody\": supported values: \"Global\", \"Organization\"",
                        "m.yaml:8: spec.smtp.host: Required value",
                        "m.yaml:9: spec.smtp.prot: unknown field; did you mean \"port\"?",
                        "m.yaml:10: spec.smtp.maxConnections: Invalid value: 0: should be greater than or equal to 1",
                        "m.yaml:11: spec.smtp.connectTimeout: Invalid value: \"soon\": must be a duration: a "
                                + "number and a unit (ms, s, m or h), as 500ms, 30s or 5m; not 0, and at most 1h",
                        "m.yaml:12: spec.smtp.security: Invalid value: must be of type string: \"boolean\"",
                        "m.yaml:13: spec.description: Invalid value: must be of type string: \"array\""),
                row("ports that do not fit security, the default included", SERVER + """
                        spec:
                          smtp:
                            host: smtp.gmail.com
                            port: 465
                            authentication:
                              popBeforeSmtp:
                                port: 110
                                secretRef: {name: login}
                        """,
                        "m.yaml:9: warning: spec.smtp.port: servers speak TLS from the first octet at port 465, but "
                                + "security is StartTLS, which waits for a greeting in the clear; set "
                                + "security: TLS, or port: 587",
                        "m.yaml:12: warning: spec.smtp.authentication.popBeforeSmtp.port: servers begin in the clear "
                                + "at port 110, but security is TLS, which begins with TLS; set "
                                + "security: StartTLS, or port: 995",
                        "m.yaml:13: warning: spec.smtp.authentication.popBeforeSmtp.secretRef: there is no Secret \"login\" in "
                                + "namespace \"postrider-system\"; create it with the keys username, password and the "
                                + "label postrider.dev/credentials: \"true\""),
                row("what is known to end, or often not to work", SERVER + """
                        spec:
                          smtp:
                            host: smtp.office365.com
                            port: 25
                            authentication: {password: {secretRef: {name: login}}}
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata:
                          name: login
                          namespace: postrider-system
                          labels: {postrider.dev/credentials: "true"}
                        stringData: {username: user, password: secret}
                        """,
                        "m.yaml:9: warning: spec.smtp.port: many clouds and hosters let no connection out to port 25; "
                                + "use port 587, where the server has it",
                        "m.yaml:10: warning: spec.smtp.authentication.password: Exchange Online switches logins with "
                                + "passwords off by default at the end of December 2026, and then refuses them with "
                                + "550 5.7.30; use oauth2 in place of password, or spec.microsoftGraph"),
                row("a port that begins in the clear with TLS", SERVER + """
                        spec:
                          smtp: {host: mx.example.com, port: 587, security: TLS}
                        """, "m.yaml:7: warning: spec.smtp.port: servers begin in the clear at port 587, but security "
                        + "is TLS, which begins with TLS; set security: StartTLS, or port: 465"),
                row("a rule of the kind", SERVER + """
                        spec: {}
                        """,
                        "m.yaml:6: spec: Invalid value: exactly one of smtp and microsoftGraph must be set: how is "
                                + "this server reached?"),
                row("two ways to log in", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                            authentication:
                              password:
                                secretRef: {name: login}
                              oauth2:
                                tokenEndpoint: https://login.example.com/token
                                user: a@example.com
                                secretRef: {name: login}
                        """, "m.yaml:9: spec.smtp.authentication: Invalid value: authentication takes exactly one of "
                        + "password, popBeforeSmtp, oauth2 and submitter; leave authentication out to send without a login"),
                row("a line end in a host, which $ of other engines lets through", SERVER + """
                        spec:
                          smtp:
                            host: "mx.example.com\\n"
                        """, "m.yaml:8: spec.smtp.host: Invalid value: \"mx.example.com\\n\": must be a host name or "
                        + "an IP address: use mail.example.com, 192.0.2.25 or 2001:db8::25"),
                row("no spec, a bad name, a label that is no text", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata:
                          name: Main
                          labels:
                            tier: 1
                          anotations: {}
                        """,
                        "m.yaml:1: spec: Required value",
                        "m.yaml:4: metadata.name: Invalid value: \"Main\": should match "
                                + "'^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'",
                        "m.yaml:6: metadata.labels.tier: Invalid value: must be of type string: \"integer\"",
                        "m.yaml:7: metadata.anotations: unknown field; did you mean \"annotations\"?"),
                row("a name that is too long for what is made from it", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata:
                          name: NAME
                        spec:
                          smtp: {host: mx.example.com}
                        """.replace("NAME", "n".repeat(101)),
                        "m.yaml:1: Invalid value: metadata.name takes at most 100 "
                                + "characters, so that the names made from it stay valid"),
                row("an error in one document hides no other", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                          metadata: [
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServr
                        ---
                        apiVersion: postrider.dev/v1
                        kind: MailServer
                        """,
                        "m.yaml:3: not YAML: mapping values are not allowed here",
                        "m.yaml:6: kind: Unsupported value: \"MailServr\"; did you mean \"MailServer\"?",
                        "m.yaml:8: apiVersion: Unsupported value: \"postrider.dev/v1\": supported values: "
                                + "\"postrider.dev/v1alpha1\""),
                row("a key that is there twice", SERVER + """
                        spec:
                          smtp:
                            host: a.example.com
                            host: b.example.com
                        """, "m.yaml:9: spec.smtp.host: there twice, first in line 8"),
                row("a Secret, of which nothing shows", """
                        apiVersion: v1
                        kind: Secret
                        metadata:
                          name: login
                        data:
                          password: hunter2!
                          number: 4711
                        stringData:
                          "no spaces": x
                          username: 4712
                        """,
                        "m.yaml:6: data.password: Invalid value: not base64 (RFC 4648 section 4); put plain text under "
                                + "stringData instead",
                        "m.yaml:7: data.number: Invalid value: must be of type string: \"integer\"",
                        "m.yaml:9: stringData[no spaces]: Invalid value: no valid key, for it is too long or has "
                                + "characters that keys do not take",
                        "m.yaml:10: stringData.username: Invalid value: must be of type string: \"integer\""),
                row("a Secret that cannot be read, of which nothing shows", """
                        apiVersion: v1
                        kind: Secret
                        stringData:
                          password: *hunter2
                        """, "m.yaml:4: not YAML: found undefined alias; quote a text that starts with *, & or !"),
                row("a list is its items", """
                        apiVersion: v1
                        kind: List
                        items:
                          - apiVersion: postrider.dev/v1alpha1
                            kind: MailServer
                            metadata: {name: a}
                            spec:
                              smtp: {host: mx.example.com, port: 0}
                        """, "m.yaml:8: spec.smtp.port: Invalid value: 0: should be greater than or equal to 1"),
                row("nulls and anchors", SERVER + """
                        spec:
                          description: null
                          smtp: &smtp
                            host: &host mx.example.com
                            port: ~
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata: {name: other}
                        spec:
                          smtp: {<<: {host: mx.example.com}, security: TLS}
                        """),
                row("the same resource twice", SERVER + """
                        spec: {smtp: {host: a.example.com}}
                        ---
                        """ + SERVER + """
                        spec: {smtp: {host: b.example.com}}
                        """,
                        "m.yaml:11: metadata.name: there is a second MailServer postrider-system/main, in m.yaml:1; "
                                + "the last one applied wins"),
                row("a Secret that is there without label and key, and one that is kept elsewhere", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                            tls: {caSecretRef: {name: authority}}
                            authentication:
                              password:
                                secretRef:
                                  name: login
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata: {name: authority, namespace: postrider-system}
                        stringData: {ca.crt: x}
                        """,
                        "m.yaml:9: spec.smtp.tls.caSecretRef: Secret \"authority\" may not be read; label it: kubectl -n "
                                + "postrider-system label secret authority postrider.dev/credentials=true",
                        "m.yaml:12: warning: spec.smtp.authentication.password.secretRef: there is no Secret \"login\" in "
                                + "namespace \"postrider-system\"; create it with the keys username, password and the label "
                                + "postrider.dev/credentials: \"true\""),
                row("a Secret without the key that is wanted, and one that is not for this host", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                            authentication:
                              password: {secretRef: {name: login}}
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata:
                          name: login
                          namespace: postrider-system
                          labels: {postrider.dev/credentials: "true"}
                          annotations: {postrider.dev/hosts: smtp.example.net}
                        data:
                          username: dXNlcg==
                        """,
                        "m.yaml:10: spec.smtp.authentication.password.secretRef: Secret \"login\" has no key \"password\"; "
                                + "it has username",
                        "m.yaml:10: spec.smtp.authentication.password.secretRef: Secret \"login\" may be sent only to "
                                + "smtp.example.net (annotation postrider.dev/hosts), not to \"mx.example.com\""),
                row("servers of others and servers that are not there", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: shop, namespace: acme}
                        spec:
                          servers:
                            - name: own
                            - name: theirs
                              namespace: globex
                            - name: unknown
                              namespace: globex
                          identity: {from: {address: shop@acme.example}}
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata: {name: theirs, namespace: globex}
                        spec: {smtp: {host: mx.globex.example}}
                        """,
                        "m.yaml:6: warning: spec.servers[0]: there is no MailServer \"own\" in namespace \"acme\"; create "
                                + "it, or take it out of the list",
                        "m.yaml:7: spec.servers[1]: MailServer globex/theirs is no global server, and only those may be "
                                + "used from another namespace; declare a MailServer in namespace \"acme\"",
                        "m.yaml:9: warning: spec.servers[2]: a MailServer of another namespace that is not among these "
                                + "files; it must be a global server there"),
                row("a binding that is somebody else's", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: shop, namespace: acme}
                        spec:
                          identity: {from: {address: shop@acme.example}}
                          binding:
                            secretName: main-mail
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: main, namespace: acme}
                        spec: {identity: {from: {address: main@acme.example}}}
                        ---
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: main, namespace: globex}
                        spec: {identity: {from: {address: main@globex.example}}}
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata: {name: main-mail, namespace: globex}
                        """,
                        "m.yaml:7: spec.binding.secretName: Secret \"main-mail\" is the binding of organization "
                                + "acme/main; name another one",
                        "m.yaml:17: spec.binding.secretName: Secret \"main-mail\" exists and is not Postrider's; it is "
                                + "left alone. Delete it, or name another one in spec.binding.secretName"),
                row("a copy of a binding where the binding itself is", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: OrganizationMailSettings
                        metadata: {name: main, namespace: acme}
                        spec:
                          identity: {from: {address: main@acme.example}}
                          binding:
                            copies:
                              - shop
                              - acme
                        """,
                        "m.yaml:9: spec.binding.copies[1]: \"acme\" is the organization's own namespace, where the "
                                + "binding itself is; name others only"),
                row("a global server where it is not honoured", """
                        apiVersion: postrider.dev/v1alpha1
                        kind: MailServer
                        metadata: {name: mine, namespace: acme}
                        spec: {scope: Global, smtp: {host: mx.acme.example}}
                        """,
                        "m.yaml:4: warning: spec.scope: a global server would get every organization's mail, so it "
                                + "is honoured only in the namespaces [postrider-system], not in \"acme\"; declare it there, or "
                                + "make it a server of scope Organization"),
                row("other kinds and files that are no resources", """
                        apiVersion: v1
                        kind: Service
                        spec: 7
                        ---
                        resources: [a.yaml]
                        ---
                        # nothing
                        """),
                row("a Secret that SOPS has encrypted", SERVER + """
                        spec: {smtp: {host: mx.example.com, authentication: {password: {secretRef: {name: login}}}}}
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata:
                          name: login
                          namespace: postrider-system
                          labels: {postrider.dev/credentials: "true"}
                        data: {password: "ENC[AES256_GCM,data:Zm9v,iv:YQ==,tag:YQ==,type:str]"}
                        sops: {version: 3.12.1}
                        """, "m.yaml:15: warning: sops: encrypted by SOPS; its values are not checked"),
                row("an encrypted Secret without the label", SERVER + """
                        spec: {smtp: {host: mx.example.com, authentication: {password: {secretRef: {name: login}}}}}
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata: {name: login, namespace: postrider-system}
                        stringData: {password: "ENC[AES256_GCM,data:Zm9v,iv:YQ==,tag:YQ==,type:str]"}
                        sops: {version: 3.12.1}
                        """,
                        "m.yaml:6: spec.smtp.authentication.password.secretRef: Secret \"login\" may not be read; label "
                                + "it: kubectl -n postrider-system label secret login postrider.dev/credentials=true",
                        "m.yaml:12: warning: sops: encrypted by SOPS; its values are not checked"),
                row("a Secret of which SOPS has encrypted everything", """
                        apiVersion: ENC[AES256_GCM,data:Zm9v,iv:YQ==,tag:YQ==,type:str]
                        kind: ENC[AES256_GCM,data:Zm9v,iv:YQ==,tag:YQ==,type:str]
                        sops: {version: 3.12.1}
                        """,
                        "m.yaml:1: apiVersion: encrypted by SOPS, as perhaps the labels are, which must be readable; "
                                + "set encrypted_regex: ^(data|stringData)$ in .sops.yaml, and encrypt it anew"),
                row("rules for replies, all that is wrong with them", SERVER + """
                        spec:
                          smtp:
                            host: mx.example.com
                          replyRules:
                            - codes: [550]
                              text: "out (of|to lunch"
                              class: Temporary
                              action: Retry
                            - text: .*
                              class: Odd
                              action: RestServer
                              timeZone: Europe/Berlin
                        """,
                        "m.yaml:11: spec.replyRules[0].text: \"out (of|to lunch\" is not a regular expression of RE2: "
                                + "missing closing )",
                        "m.yaml:14: spec.replyRules[1].restFor: missing: set it",
                        "m.yaml:14: spec.replyRules[1].text: \".*\" fits any reply: use words that only such replies "
                                + "have",
                        "m.yaml:14: spec.replyRules[1].text: \".*\" fits too many replies: use a plain word of 3 or "
                                + "more letters in each alternative, or codes or enhanced",
                        "m.yaml:15: spec.replyRules[1].class: \"Odd\" is not one: use one of InvalidRecipient, "
                                + "InactiveMailbox, QuotaExceeded, RateLimited, SendingQuotaExceeded, "
                                + "AccountSuspended, AuthenticationFailed, SenderNotAllowed, TooManyRecipients, "
                                + "PolicyRejected, SpamBlocked, ContentRejected, EncodingRejected, TooLarge, "
                                + "ProtocolError, RoutingFailed, Temporary, Other",
                        "m.yaml:17: spec.replyRules[1].timeZone: only the action RestUntilMidnight has one: remove "
                                + "it"),
                row("rules for replies in the settings that the chart writes", """
                        apiVersion: v1
                        kind: ConfigMap
                        metadata:
                          name: postrider-settings
                          labels: {postrider.dev/settings: "true"}
                        data:
                          settings.yaml: |
                            relay:
                              replyRules: [{"codes":[99],"class":"Other","action":"Bounce"}]
                        """,
                        "m.yaml:7: data[settings.yaml]: relay.replyRules[0].codes: 99 is not a code of a refusal: use "
                                + "400 to 599"),
                row("half a head", "kind: ConfigMap\n---\napiVersion: v1\n---\njust text\n",
                        "m.yaml:1: apiVersion: Required value", "m.yaml:3: kind: Required value",
                        "m.yaml:5: not a Kubernetes resource, which starts with apiVersion and kind"));
    }

    private static Arguments row(String name, String manifest, String... findings) {
        return Arguments.of(name, manifest, List.of(findings));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("manifests")
    void findsWhatIsWrongAndWhere(String name, String manifest, List<String> findings) throws IOException {
        Path file = Files.writeString(directory.resolve("m.yaml"), manifest);

        Check.Report report = new Check(Set.of(Check.SYSTEM_NAMESPACE)).check(List.of(file));

        assertThat(report.findings()).map(finding -> finding.toString().replace(directory + "/", ""))
                .containsExactlyElementsOf(findings);
    }

    @Test
    void findsWhatIsWrongInTheChartsValues() throws IOException {
        Path good = Files.writeString(directory.resolve("good.yaml"), """
                relay:
                  replicas: 1
                  replyRules:
                    - codes: [550]
                      text: out to lunch
                      class: Temporary
                      action: Retry
                """);
        Path wrong = Files.writeString(directory.resolve("wrong.yaml"), """
                image: {}
                relay:
                  replyRules:
                    - codes: [550]
                      text: out to lunch
                      class: Temporary
                      acton: Retry
                    - text: "[a-z"
                      class: Other
                      action: Bounce
                    - lunch
                """);
        Path noList = Files.writeString(directory.resolve("no-list.yaml"), "relay: {replyRules: none}\n");
        Path noYaml = Files.writeString(directory.resolve("no-yaml.yaml"), "relay: [\n");

        assertThat(inValues(good)).isEmpty();
        assertThat(inValues(wrong)).containsExactly(
                "wrong.yaml:4: relay.replyRules[0].action: missing: set it",
                "wrong.yaml:7: relay.replyRules[0].acton: unknown field: use action, advice, class, codes, enhanced, "
                        + "hosts, protocol, restFor, steps, text, timeZone",
                "wrong.yaml:8: relay.replyRules[1].text: \"[a-z\" is not a regular expression of RE2: missing "
                        + "closing ]",
                "wrong.yaml:11: relay.replyRules[2]: not a rule: use the fields action, advice, class, codes, "
                        + "enhanced, hosts, protocol, restFor, steps, text, timeZone");
        assertThat(inValues(noList)).containsExactly("no-list.yaml:1: relay.replyRules: not a list of rules");
        assertThat(inValues(noYaml)).singleElement().asString().startsWith("no-yaml.yaml:2: not YAML: ");
    }

    private List<String> inValues(Path values) throws IOException {
        return new Check(Set.of(Check.SYSTEM_NAMESPACE), List.of(values)).check(List.of())
                .findings()
                .stream()
                .map(finding -> finding.toString().replace(directory + "/", ""))
                .toList();
    }

    @Test
    void readsDirectoriesWithoutHiddenFiles() throws IOException {
        Files.createDirectories(directory.resolve("below/.git"));
        String invalid = SERVER + "spec: {smtp: {host: a b}}\n";
        Files.writeString(directory.resolve("below/a.yml"), invalid);
        Files.writeString(directory.resolve("below/.git/b.yaml"), invalid);
        Files.writeString(directory.resolve("below/c.json"),
                "{\"apiVersion\": \"v1\",\n\t\"kind\": \"List\", \"items\": []}");
        Files.writeString(directory.resolve("README.md"), "# nothing");

        Check.Report report = new Check(Set.of(Check.SYSTEM_NAMESPACE)).check(List.of(directory));

        assertThat(report.files()).isEqualTo(2);
        assertThat(report.resources()).isEqualTo(1);
        assertThat(report.errors()).isEqualTo(1);
    }

    @Test
    void aliasesCannotFillTheMemory() throws IOException {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n".formatted(i, i, i - 1, i - 1, i - 1, i - 1));
        }
        Path file = Files.writeString(directory.resolve("m.yaml"), bomb);

        assertThat(new Check(Set.of(Check.SYSTEM_NAMESPACE)).check(List.of(file)).findings()).singleElement()
                .satisfies(finding -> assertThat(finding.message()).contains("larger than"));
    }
}
