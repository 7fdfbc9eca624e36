package dev.postrider.cluster;

import java.util.List;

/** A server that takes all mail, as a pod with a Service in the installation's namespace, on port 2525. */
final class SinkPod {
    private final Installation installation;
    private final String name;

    private SinkPod(Installation installation, String name) {
        this.installation = installation;
        this.name = name;
    }

    /** Starts one, and waits until it can be called. */
    static SinkPod start(Installation installation, String name) {
        SinkPod sink = new SinkPod(installation, name);
        installation.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: $SYSTEM}
                spec: {selector: {app: %1$s}, ports: [{port: 2525}]}
                """.formatted(name));
        sink.start();
        return sink;
    }

    /** Starts it again, with nothing in it. */
    void start() {
        installation.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: $SYSTEM, labels: {app: %1$s}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: sink
                      image: %2$s:%3$s
                      imagePullPolicy: Never
                      args: [sink, --bind=0.0.0.0, --port=2525]
                      readinessProbe: {tcpSocket: {port: 2525}, periodSeconds: 1}
                """.formatted(name, Cluster.IMAGE, Cluster.TAG));
        installation.must("-n", "$SYSTEM", "wait", "--for=condition=Ready", "--timeout=120s", "pod/" + name);
    }

    /** Ends it; whoever calls its Service is refused. */
    void stop() {
        installation.must("-n", "$SYSTEM", "delete", "pod", name);
    }

    String host() {
        return name + "." + installation.namespace() + ".svc";
    }

    /** What it has printed. */
    String log() {
        return installation.must("-n", "$SYSTEM", "logs", name);
    }

    /** Each mail as it shows it, with its subject where a mail has it. */
    List<String> mails() {
        return log().lines()
                .filter(line -> line.startsWith("mail "))
                .map(line -> "Subject: " + line.substring("mail ".length()))
                .toList();
    }
}
