package dev.postrider.bench;

import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts the organizations that have become Ready. */
final class ReadyWatch implements Watcher<OrganizationMailSettings>, AutoCloseable {
    private final Set<String> ready = ConcurrentHashMap.newKeySet();
    private final CountDownLatch left;
    private final Watch watch;
    private volatile @Nullable String lastNotReady;

    ReadyWatch(KubernetesClient client, int organizations) {
        left = new CountDownLatch(organizations);
        watch = client.resources(OrganizationMailSettings.class).inAnyNamespace().watch(this);
    }

    @Override
    public void eventReceived(Action action, OrganizationMailSettings organization) {
        var key = organization.getMetadata().getNamespace() + "/" + organization.getMetadata().getName();
        var status = organization.getStatus();
        var condition = status == null || status.conditions() == null
                ? null
                : status.conditions().stream().filter(c -> c.type().equals("Ready")).findFirst().orElse(null);
        if (condition == null) {
            return;
        }
        if (condition.status().name().equals("True")) {
            if (ready.add(key)) {
                left.countDown();
            }
        } else {
            lastNotReady = key + ": " + condition.reason() + ": " + condition.message();
        }
    }

    @Override
    public void onClose(@Nullable WatcherException cause) {
        if (cause != null) {
            lastNotReady = "the watch ended: " + cause.getMessage();
        }
    }

    int count() {
        return ready.size();
    }

    /** Waits that long; whether all are Ready. */
    boolean await(long milliseconds) throws InterruptedException {
        return left.await(milliseconds, TimeUnit.MILLISECONDS);
    }

    /** What the last one that was not Ready said. */
    @Nullable
    String lastNotReady() {
        return lastNotReady;
    }

    @Override
    public void close() {
        watch.close();
    }
}
