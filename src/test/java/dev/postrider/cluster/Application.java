package dev.postrider.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.testing.CommandResult;
import java.util.ArrayList;
import java.util.List;

/**
 * A pod of the tenant that plays its application: it mounts a binding, has its entries in its environment too, as
 * docs/bindings.md shows, and sends by Python's smtplib, by Django and by msmtp.
 */
final class Application {
    /** Sends mails one after the other, each until it is acknowledged, and prints the subjects of those. */
    private static final String PYTHON = """
            import smtplib, ssl, sys, time
            def entry(name):
                with open('/etc/mail-binding/' + name) as file:
                    return file.read()
            for number in range(int(sys.argv[2])):
                subject = '%s %d' % (sys.argv[1], number)
                while True:
                    try:
                        context = ssl.create_default_context(cafile='/etc/mail-binding/ca.crt')
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
                      envFrom: [{secretRef: {name: %3$s-mail}}]
                      env:
                        - {name: PYTHONPATH, value: /etc/mail-binding}
                        - {name: DJANGO_SETTINGS_MODULE, value: django_mail}
                        - {name: XDG_CONFIG_HOME, value: /etc/mail-config}
                      volumeMounts:
                        - {name: mail, mountPath: /etc/mail-binding, readOnly: true}
                        - {name: msmtp, mountPath: /etc/mail-config, readOnly: true}
                  volumes:
                    - {name: mail, secret: {secretName: %3$s-mail}}
                    - name: msmtp
                      secret: {secretName: %3$s-mail, optional: true, items: [{key: msmtprc, path: msmtp/config}]}
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

    /**
     * What the relay says to a mail.
     *
     * @param sender of the envelope
     * @param fields the header, with {@code |} between its fields
     * @return {@code taken}, or the reply
     */
    String offer(String sender, String fields) {
        CommandResult offered = run("python3", "-c", """
                import os, smtplib, ssl, sys
                e = os.environ
                with smtplib.SMTP(e['SMTP_HOST'], int(e['SMTP_PORT']), timeout=10) as relay:
                    relay.starttls(context=ssl.create_default_context(cafile=e['SMTP_CA_FILE']))
                    relay.login(e['SMTP_USERNAME'], e['SMTP_PASSWORD'])
                    try:
                        mail = sys.argv[2].replace('|', '\\r\\n') + '\\r\\n\\r\\nhello\\r\\n'
                        relay.sendmail(sys.argv[1], ['someone@postfix.test'], mail.encode(), ['SMTPUTF8'])
                        print('taken')
                    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
                        print(refused.smtp_code, refused.smtp_error.decode())
                """, sender, fields);
        assertThat(offered.exitCode()).as(offered.err()).isZero();
        return offered.out().strip();
    }

    /** Sends one by Django; its settings are the binding's entry {@code django_mail.py}, and nothing else. */
    CommandResult sendByDjango(String subject) {
        return run("python3", "-c", """
                import django
                django.setup()
                from django.core.mail import send_mail
                send_mail('%s', 'hello', None, ['someone@postfix.test'])
                """.formatted(subject));
    }

    /** Sends one by msmtp; its configuration is the binding's entry {@code msmtprc}, and nothing else. */
    CommandResult sendByMsmtp(String subject) {
        return run("sh", "-c",
                "printf 'From: %%s\\nSubject: %s\\n\\nhello\\n' \"$SMTP_FROM\" | msmtp someone@postfix.test"
                        .formatted(subject));
    }
}
