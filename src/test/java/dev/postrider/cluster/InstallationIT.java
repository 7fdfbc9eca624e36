package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postrider.testing.CommandResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people do with an installed Postrider, and what happens to it, with pods that run. */
@UsesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class InstallationIT {
    private static final Duration PATIENCE = Installation.PATIENCE;

    private Cluster cluster;
    private Installation installation;
    private Upstream upstream;
    private Application shop;

    @BeforeAll
    void install(Cluster cluster) {
        this.cluster = cluster;
        installation = Installation.of(cluster, "helm/postrider");
        upstream = Upstream.start(cluster, installation);
        installation.declare(upstream.host(), upstream.port(), "acme");
        shop = Application.start(installation, "shop", "acme");
    }

    @AfterAll
    void uninstall() {
        if (installation != null) {
            installation.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    @Test
    void anApplicationSendsByPythonWithTheBindingThatItsPodMounts() {
        assertThat(shop.send("by smtplib", 1)).isEqualTo(new Application.Sent(List.of("by smtplib 0"), ""));
        awaitArrival("Subject: by smtplib 0");
    }

    @Tag("organizations")
    @Test
    void anApplicationSendsByDjangoWithTheBindingThatItsPodMounts() {
        assumeTrue(cluster.applicationsHaveDjango(), "there is no Django for pods here");

        CommandResult sent = shop.sendByDjango("by Django");

        assertThat(sent.exitCode()).as(sent.err()).isZero();
        awaitArrival("Subject: by Django");
    }

    @Tag("organizations")
    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            no-reply@postfix.test     ~ From: Acme <no-reply@postfix.test>                               ~ taken
            ceo@postfix.test          ~ From: no-reply@postfix.test                                      ~ 550 5.7.1
            no-reply@postfix.test     ~ From: ceo@postfix.test                                           ~ 550 5.7.1
            no-reply@postfix.test     ~ From: "no-reply@postfix.test" <ceo@postfix.test>                 ~ 550 5.7.1
            no-reply@postfix.test     ~ From: no-reply@postfix.test, ceo@postfix.test                    ~ 550 5.7.1
            no-reply@postfix.test     ~ From: Us: no-reply@postfix.test;                                 ~ 550 5.7.1
            no-reply@postfix.test     ~ From: no-reply@postfix.test|Sender: ceo@postfix.test             ~ 550 5.7.1
            no-reply@postfix.test     ~ From: no-reply@postfix.test|From: ceo@postfix.test               ~ 550 5.7.1
            no-reply@postfix.test     ~ From: no-reply@postfix.test|Resent-From: ceo@postfix.test        ~ 550 5.7.1
            no-reply@postfix.test     ~ From:|  ceo@postfix.test                                         ~ 550 5.7.1
            no-reply@postfix.test     ~ From: =?utf-8?q?no-reply=40postfix=2Etest?= <ceo@postfix.test>   ~ 550 5.7.1
            no-reply@postfix.test     ~ From: no-reply@p\u043estfix.test                                 ~ 550 5.7.1
            no-reply@postfix.test     ~ To: someone@postfix.test                                               ~ 550 5.7.1
            """)
    void anApplicationSendsAsItsOrganizationAndNobodyElse(String sender, String fields, String reply) {
        assertThat(shop.offer(sender, "Subject: who|" + fields)).startsWith(reply);
    }

    @Tag("organizations")
    @Test
    void anApplicationSendsByMsmtpWithTheBindingThatItsPodMounts() {
        CommandResult sent = shop.sendByMsmtp("by msmtp");

        assertThat(sent.exitCode()).as(sent.err()).isZero();
        awaitArrival("Subject: by msmtp");
    }

    @Test
    void aChangedSecretReachesTheRelayWithinSecondsAndRestartsNothing() {
        SinkPod sink = SinkPod.start(installation, "own-sink");
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
        String pods = installation.pods("relay");

        Instant changed = Instant.now();
        installation.must("-n", "$TENANT", "patch", "secret", "own-login", "--type=merge", "-p",
                "{\"stringData\":{\"username\":\"second\",\"password\":\"two\"}}");

        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> sink.log().contains("logged in as second"));
        // The test mail comes first, and the relay's route follows it at once.
        Cluster.say("the new login was in use after " + Duration.between(changed, Instant.now()).toMillis() + " ms");
        assertThat(installation.pods("relay")).isEqualTo(pods);
    }

    @Test
    void aRelayThatIsKilledUnderLoadLosesNoMailThatItAcknowledged() {
        sendWhile("killed", () -> installation.must("-n", "$SYSTEM", "delete", "pod", "-l",
                "app.kubernetes.io/component=relay", "--force", "--grace-period=0"));
    }

    @Test
    void aRelayThatIsReplacedUnderLoadLosesNoMailThatItAcknowledged() {
        sendWhile("replaced", () -> installation.must("-n", "$SYSTEM", "rollout", "restart",
                "deployment/postrider-relay"));
    }

    @Test
    void serversThatAreAddedGetTheirShareAndOneThatIsSwitchedOffGetsNoMore() {
        SinkPod first = SinkPod.start(installation, "first-sink");
        SinkPod second = SinkPod.start(installation, "second-sink");
        for (SinkPod sink : List.of(first, second)) {
            installation.apply("""
                    apiVersion: postrider.dev/v1alpha1
                    kind: MailServer
                    metadata: {name: %s, namespace: $TENANT}
                    spec: {smtp: {host: %s, port: 2525, security: None}, test: {recipient: postmaster@postfix.test}}
                    """.formatted(sink.host().substring(0, sink.host().indexOf('.')), sink.host()));
        }
        installation.apply("""
                apiVersion: postrider.dev/v1alpha1
                kind: OrganizationMailSettings
                metadata: {name: hooli, namespace: $TENANT}
                spec:
                  identity: {from: {address: no-reply@hooli.test}}
                  servers: [{name: first-sink}]
                """);
        installation.awaitReady("ms", "$TENANT", "second-sink");
        installation.awaitReady("oms", "$TENANT", "hooli");
        Application hooli = Application.start(installation, "hooli", "hooli");
        hooli.send("only the first", 3);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(mails(first, "only the first")).hasSize(3));

        installation.must("-n", "$TENANT", "patch", "oms", "hooli", "--type=merge", "-p",
                "{\"spec\":{\"servers\":[{\"name\":\"first-sink\"},{\"name\":\"second-sink\"}]}}");
        await().atMost(PATIENCE).untilAsserted(() -> {
            hooli.send("both", 1);
            assertThat(mails(second, "both")).isNotEmpty();
        });
        installation.must("-n", "$TENANT", "patch", "ms", "first-sink", "--type=merge", "-p",
                "{\"spec\":{\"active\":false}}");
        cluster.await(PATIENCE, "[\"" + installation.tenant() + "/second-sink\"]", "-n", installation.tenant(), "get",
                "oms", "hooli", "-o", "jsonpath={.status.servers}");
        hooli.send("only the second", 6);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(mails(second, "only the second")).hasSize(6));
        assertThat(mails(first, "only the second")).isEmpty();
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

        CommandResult login = shop.run("python3", "-c", """
                import smtplib, ssl
                b = lambda name: open('/etc/mail-binding/' + name).read()
                with smtplib.SMTP(b('host'), 587) as relay:
                    relay.starttls(context=ssl.create_default_context(cafile='/etc/mail-binding/ca.crt'))
                    try:
                        relay.login('globex.' + b('username').split('.')[1], b('password'))
                    except smtplib.SMTPAuthenticationError as e:
                        print(e.smtp_code)
                """);
        assertThat(login.out()).as(login.err()).isEqualTo("535\n");
        CommandResult queue = shop.run("python3", "-c", """
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

    /** An application sends, and something happens to the relay meanwhile; then all must arrive. */
    private void sendWhile(String subject, Runnable happens) {
        CompletableFuture<Application.Sent> sending = CompletableFuture.supplyAsync(() -> shop.send(subject, 150));
        await().atMost(PATIENCE)
                .until(() -> upstream.subjects(subject).contains(subject + " 2") || sending.isDone());

        happens.run();
        installation.awaitRelay();
        List<String> acknowledged = sending.join().acknowledged();

        assertThat(acknowledged).hasSize(150);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(upstream.subjects(subject)).containsAll(acknowledged));
        Cluster.say("150 acknowledged, " + upstream.subjects(subject).size() + " delivered");
    }

    private void awaitArrival(String line) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(upstream.mails()).as(installation.logs())
                        .anyMatch(mail -> mail.contains(line)));
    }

    private static List<String> mails(SinkPod sink, String subject) {
        return sink.mails().stream().filter(mail -> mail.contains(subject)).toList();
    }
}
