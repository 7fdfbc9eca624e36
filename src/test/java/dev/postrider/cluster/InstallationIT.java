package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postrider.testing.CommandResult;
import dev.postrider.testing.PostfixServer;
import dev.postrider.testing.TestCertificates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/** What people do with an installed Postrider, and what happens to it, with pods that run. */
@UsesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class InstallationIT {
    private static final Duration PATIENCE = Installation.PATIENCE;

    private Cluster cluster;
    private Installation installation;
    private Supplier<List<String>> arrived;
    private AutoCloseable upstream;
    private Instant begun = Instant.now();

    @BeforeAll
    void install(Cluster cluster) {
        this.cluster = cluster;
        installation = Installation.of(cluster, "helm/postrider");
        sink("mail-sink");
        Optional<PostfixServer> postfix = cluster.machineAddress()
                .flatMap(address -> PostfixServer.startIfInstalled(
                        TestCertificates.selfSigned(TestCertificates.Request.of("localhost")),
                        List.of("mynetworks = 10.0.0.0/8"), address));
        String host = postfix.isPresent() ? cluster.machineAddress().orElseThrow() : "mail-sink.$SYSTEM.svc";
        int port = postfix.map(PostfixServer::port).orElse(2525);
        Cluster.say("the upstream server is " + (postfix.isPresent() ? "Postfix" : "a sink, for want of Postfix"));
        arrived = postfix.<Supplier<List<String>>>map(server -> server::mails).orElse(() -> sinkMails("mail-sink"));
        upstream = () -> postfix.ifPresent(PostfixServer::close);
        installation.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: company, namespace: $SYSTEM}
                spec:
                  scope: Global
                  smtp: {host: %s, port: %d, security: None}
                  sender: {address: postmaster@postfix.test}
                  test: {recipient: postmaster@postfix.test}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@postfix.test, name: Acme}}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: shop, namespace: $TENANT}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                    - name: shop
                      image: %s
                      imagePullPolicy: IfNotPresent
                      command: [sleep, infinity]
                      volumeMounts: [{name: mail, mountPath: /bindings/mail, readOnly: true}]
                  volumes: [{name: mail, secret: {secretName: acme-mail}}]
                """.formatted(host, port, Cluster.APPLICATION_IMAGE));
        installation.awaitReady("ms", "$SYSTEM", "company");
        installation.awaitReady("oms", "$TENANT", "acme");
        installation.must("-n", "$TENANT", "wait", "--for=condition=Ready", "--timeout=60s", "pod/shop");
        tell("installed, server and organization Ready, application runs");
    }

    @AfterAll
    void uninstall() throws Exception {
        installation.close();
        upstream.close();
        tell("uninstalled");
    }

    @BeforeEach
    void begin() {
        begun = Instant.now();
    }

    @AfterEach
    void tellTime(TestInfo test) {
        tell(test.getDisplayName());
    }

    private void tell(String step) {
        Cluster.say(step + ": " + Duration.between(begun, Instant.now()).toMillis() / 1000.0 + " s");
        begun = Instant.now();
    }

    @Test
    void anApplicationSendsByPythonWithTheBindingThatItsPodMounts() {
        CommandResult sent = inShop("python3", "-c", PYTHON, "by smtplib", "1");

        assertThat(sent.out()).as(sent.err()).isEqualTo("by smtplib 0\n");
        awaitArrival("Subject: by smtplib 0");
    }

    @Test
    void anApplicationSendsByMsmtpWithTheBindingThatItsPodMounts() {
        CommandResult sent = inShop("sh", "-c", """
                cd /bindings/mail
                printf 'Subject: by msmtp\\n\\nhello\\n' | msmtp --host="$(cat host)" --port="$(cat port)" --tls=on \
                --tls-trust-file=ca.crt --auth=plain --user="$(cat username)" --passwordeval='cat password' \
                --from="$(cat from)" someone@postfix.test""");

        assertThat(sent.exitCode()).as(sent.err()).isZero();
        awaitArrival("Subject: by msmtp");
    }

    @Test
    void aChangedSecretReachesTheRelayWithinSecondsAndRestartsNothing() {
        sink("own-sink");
        installation.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: own-login, namespace: $TENANT, labels: {postrider.dev/credentials: "true"}}
                stringData: {username: first, password: one}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: own, namespace: $TENANT}
                spec:
                  smtp:
                    host: own-sink.$SYSTEM.svc
                    port: 2525
                    security: None
                    allowPlaintextAuthentication: true
                    authentication: {password: {secretRef: {name: own-login}}}
                  test: {recipient: postmaster@postfix.test}
                ---
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: globex, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@globex.test}}
                  servers: [{name: own}]
                """);
        installation.awaitReady("oms", "$TENANT", "globex");
        String pods = relayPods();

        Instant changed = Instant.now();
        installation.must("-n", "$TENANT", "patch", "secret", "own-login", "--type=merge", "-p",
                "{\"stringData\":{\"username\":\"second\",\"password\":\"two\"}}");

        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> sinkLog("own-sink").contains("logged in as second"));
        // The test mail comes first, and the relay's route follows it at once.
        Cluster.say("the new login was in use after " + Duration.between(changed, Instant.now()).toMillis() + " ms");
        assertThat(relayPods()).isEqualTo(pods);
    }

    @Test
    void aRelayThatIsKilledUnderLoadLosesNoMailThatItAcknowledged() throws InterruptedException {
        List<String> acknowledged = new ArrayList<>();
        Thread application = Thread.ofVirtual()
                .start(() -> inShop("python3", "-c", PYTHON, "under load", "150").out()
                        .lines()
                        .forEach(acknowledged::add));
        await().atMost(PATIENCE).until(() -> arrived.get().stream().anyMatch(m -> m.contains("under load 2")));

        installation.must("-n", "$SYSTEM", "delete", "pod", "-l", "app.kubernetes.io/component=relay", "--force",
                "--grace-period=0");
        installation.must("-n", "$SYSTEM", "rollout", "status", "deployment/postrider-relay", "--timeout=120s");
        application.join();

        assertThat(acknowledged).hasSize(150);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(subjects("under load")).containsAll(acknowledged));
        Cluster.say("150 acknowledged, " + subjects("under load").size() + " delivered");
    }

    @Test
    void anOperatorThatIsKilledGoesOnWhereItWas() {
        installation.must("-n", "$SYSTEM", "delete", "pod", "-l", "app.kubernetes.io/component=operator", "--force",
                "--grace-period=0");
        installation.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: initech, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@initech.test}}
                """);

        installation.awaitReady("oms", "$TENANT", "initech");
    }

    @Test
    void anUnconfirmedDeletionIsRefusedAtTheDoorAndAConfirmedOneIsDone() {
        installation.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: umbrella, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@umbrella.test}}
                """);
        installation.awaitReady("oms", "$TENANT", "umbrella");

        CommandResult refused = installation.kubectl("-n", "$TENANT", "delete", "oms", "umbrella");

        assertThat(refused.err()).contains("spec.deletionConfirmation must be Delete before OrganizationMailSettings "
                + "umbrella can be deleted");
        installation.must("-n", "$TENANT", "patch", "oms", "umbrella", "--type=merge", "-p",
                "{\"spec\":{\"deletionConfirmation\":\"Delete\"}}");
        installation.must("-n", "$TENANT", "delete", "oms", "umbrella", "--timeout=60s");
        assertThat(installation.kubectl("-n", "$TENANT", "get", "secret", "umbrella-mail").err())
                .contains("not found");
    }

    @Test
    void aTenantMayNotWhatIsNotItsOwn() {
        installation.must("-n", "$TENANT", "create", "serviceaccount", "developer");
        installation.must("-n", "$TENANT", "create", "rolebinding", "developer", "--clusterrole=edit",
                "--serviceaccount=$TENANT:developer");
        String developer = "--as=system:serviceaccount:" + installation.tenant() + ":developer";

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                        installation.kubectl("auth", "can-i", "create", "mailservers", "-n", "$TENANT", developer)
                                .out())
                        .isEqualTo("yes\n"));
        for (String question : List.of("get secrets", "create mailservers", "get queues.postrider.dev",
                "update queues.postrider.dev", "patch configmaps")) {
            assertThat(installation.kubectl("auth", "can-i", question.split(" ", -1)[0], question.split(" ", -1)[1],
                    "-n", "$SYSTEM", developer).out()).as(question).isEqualTo("no\n");
        }

        CommandResult applied = cluster.kubectlWithInput("""
                apiVersion: postrider.dev/v1alpha1
                kind: MailServer
                metadata: {name: trap}
                spec:
                  scope: Global
                  smtp: {host: mail-sink.%s.svc, port: 2525, security: None}
                """.formatted(installation.namespace()), "-n", installation.tenant(), developer, "apply", "-f", "-");
        assertThat(applied.err()).isEmpty();
        cluster.await(PATIENCE, "ScopeNotAllowed", "-n", installation.tenant(), "get", "ms", "trap", "-o", "wide");

        CommandResult login = inShop("python3", "-c", """
                import smtplib, ssl
                b = lambda name: open('/bindings/mail/' + name).read()
                with smtplib.SMTP(b('host'), 587) as relay:
                    relay.starttls(context=ssl.create_default_context(cafile='/bindings/mail/ca.crt'))
                    try:
                        relay.login('globex.' + b('username').split('.')[1], b('password'))
                    except smtplib.SMTPAuthenticationError as e:
                        print(e.smtp_code)
                """);
        assertThat(login.out()).as(login.err()).isEqualTo("535\n");
        CommandResult queue = inShop("python3", "-c", """
                import urllib.request
                try:
                    urllib.request.urlopen('http://postrider-relay.%s.svc:8080/api/v1/queue')
                except urllib.error.HTTPError as e:
                    print(e.code)
                """.formatted(installation.namespace()));
        assertThat(queue.out()).as(queue.err()).isIn("401\n", "404\n");
    }

    @Test
    void helmTestSendsAMailThroughTheRelay() {
        CommandResult tested = cluster.helm("test", "postrider", "--namespace", installation.namespace(), "--logs");

        assertThat(tested.exitCode()).as(tested.out() + tested.err() + installation.logs()).isZero();
    }

    /** Sends mails one after the other, each until it is acknowledged, and prints the subjects of those. */
    private static final String PYTHON = """
            import smtplib, ssl, sys, time
            def entry(name):
                with open('/bindings/mail/' + name) as file:
                    return file.read()
            context = ssl.create_default_context(cafile='/bindings/mail/ca.crt')
            for number in range(int(sys.argv[2])):
                subject = '%s %d' % (sys.argv[1], number)
                while True:
                    try:
                        with smtplib.SMTP(entry('host'), int(entry('port')), timeout=10) as relay:
                            relay.starttls(context=context)
                            relay.login(entry('username'), entry('password'))
                            relay.sendmail(entry('from'), ['someone@postfix.test'],
                                           'From: %s\\r\\nSubject: %s\\r\\n\\r\\nhello\\r\\n' % (entry('from'), subject))
                            break
                    except (OSError, smtplib.SMTPException) as e:
                        print(subject, e, file=sys.stderr)
                        time.sleep(0.5)
                print(subject, flush=True)
            """;

    private CommandResult inShop(String... command) {
        List<String> arguments = new ArrayList<>(List.of("-n", "$TENANT", "exec", "shop", "--"));
        arguments.addAll(List.of(command));
        return installation.kubectl(arguments.toArray(String[]::new));
    }

    private String relayPods() {
        return installation.must("-n", "$SYSTEM", "get", "pods", "-l", "app.kubernetes.io/component=relay", "-o",
                "jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{end}");
    }

    private void awaitArrival(String line) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(arrived.get()).as(installation.logs())
                        .anyMatch(mail -> mail.contains(line)));
    }

    private List<String> subjects(String prefix) {
        return arrived.get()
                .stream()
                .map(Pattern.compile("Subject: (" + prefix + " \\d+)")::matcher)
                .filter(Matcher::find)
                .map(subject -> subject.group(1))
                .toList();
    }

    /** A server that takes all mail, as a pod with a Service. */
    private void sink(String name) {
        installation
                .apply("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %1$s, namespace: $SYSTEM, labels: {app: %1$s}}
                        spec:
                          terminationGracePeriodSeconds: 1
                          containers:
                            - {name: sink, image: "%2$s:%3$s", imagePullPolicy: Never, args: [sink, --bind=0.0.0.0, --port=2525]}
                        ---
                        apiVersion: v1
                        kind: Service
                        metadata: {name: %1$s, namespace: $SYSTEM}
                        spec: {selector: {app: %1$s}, ports: [{port: 2525}]}
                        """
                        .formatted(name, Cluster.IMAGE, Cluster.TAG));
        installation.must("-n", "$SYSTEM", "wait", "--for=condition=Ready", "--timeout=60s", "pod/" + name);
    }

    private String sinkLog(String name) {
        return installation.must("-n", "$SYSTEM", "logs", name);
    }

    /** Each mail as the sink shows it, with its subject where a mail has it. */
    private List<String> sinkMails(String name) {
        return sinkLog(name).lines()
                .filter(line -> line.startsWith("mail "))
                .map(line -> "Subject: " + line.substring("mail ".length()))
                .toList();
    }
}
