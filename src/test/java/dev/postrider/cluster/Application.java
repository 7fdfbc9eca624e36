package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import java.util.ArrayList;
import java.util.List;

/** A pod of the tenant that plays its application: it mounts a binding, and sends by Python's smtplib and by msmtp. */
final class Application {
    /** Sends mails one after the other, each until it is acknowledged, and prints the subjects of those. */
    private static final String PYTHON = """
            import smtplib, ssl, sys, time
            def entry(name):
                with open('/bindings/mail/' + name) as file:
                    return file.read()
            for number in range(int(sys.argv[2])):
                subject = '%s %d' % (sys.argv[1], number)
                while True:
                    try:
                        context = ssl.create_default_context(cafile='/bindings/mail/ca.crt')
                        with smtplib.SMTP(entry('host'), int(entry('port')), timeout=10) as relay:
                            relay.starttls(context=context)
                            relay.login(entry('username'), entry('password'))
                            relay.sendmail(entry('from'), ['someone@postfix.test'],
                                           'From: %s\\r\\nSubject: %s\\r\\n\\r\\nhello\\r\\n' % (entry('from'), subject))
                            break
                    except (OSError, smtplib.SMTPException) as e:
                        print(subject, type(e).__name__, e, file=sys.stderr)
                        time.sleep(0.5)
                print(subject, flush=True)
            """;

    private final Installation installation;
    private final String name;

    private Application(Installation installation, String name) {
        this.installation = installation;
        this.name = name;
    }

    /** Starts one that mounts the binding of an organization, and waits until it runs. */
    static Application start(Installation installation, String name, String organization) {
        installation.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: $TENANT}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                    - name: %1$s
                      image: %2$s
                      imagePullPolicy: IfNotPresent
                      command: [sleep, infinity]
                      volumeMounts: [{name: mail, mountPath: /bindings/mail, readOnly: true}]
                  volumes: [{name: mail, secret: {secretName: %3$s-mail}}]
                """.formatted(name, Cluster.APPLICATION_IMAGE, organization));
        installation.must("-n", "$TENANT", "wait", "--for=condition=Ready", "--timeout=60s", "pod/" + name);
        return new Application(installation, name);
    }

    /** Runs a command in it. */
    CommandResult run(String... command) {
        List<String> arguments = new ArrayList<>(List.of("-n", "$TENANT", "exec", name, "--"));
        arguments.addAll(List.of(command));
        return installation.kubectl(arguments.toArray(String[]::new));
    }

    /** The subjects of the mails that the relay took, and what went wrong before it did. */
    record Sent(List<String> acknowledged, String failures) {}

    /** Sends mails by smtplib, one after the other, each until the relay takes it; they are numbered from 0. */
    Sent send(String subject, int mails) {
        CommandResult sent = run("python3", "-c", PYTHON, subject, Integer.toString(mails));
        assertThat(sent.exitCode()).as(sent.err()).isZero();
        return new Sent(sent.out().lines().toList(), sent.err());
    }

    CommandResult sendByMsmtp(String subject) {
        return run("sh", "-c",
                """
                        cd /bindings/mail
                        printf 'From: %%s\\nSubject: %s\\n\\nhello\\n' "$(cat from)" | msmtp --host="$(cat host)" --port="$(cat port)" --tls=on \
                        --tls-trust-file=ca.crt --auth=plain --user="$(cat username)" --passwordeval='cat password' \
                        --from="$(cat from)" someone@postfix.test"""
                        .formatted(subject));
    }
}
