package dev.postrider.operator.kit;

import dev.postrider.access.MetricsPage;
import dev.postrider.http.HttpLimits;
import dev.postrider.http.HttpPages;
import dev.postrider.http.HttpPort;
import dev.postrider.http.Probes;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Answers {@code /healthz} and {@code /readyz} on a port for probes, and {@code /metrics}, too, on another. */
public final class HealthServer implements AutoCloseable {
    private final HttpPort health;
    private final HttpPort metricsPage;

    /**
     * Starts to answer.
     *
     * @param healthPort  0 for one that the system chooses
     * @param metricsPort 0 for one that the system chooses
     * @param ready       whether the process does its work
     * @param note        what is to be said of it where it does; empty for nothing
     * @param readers     who may read metrics
     * @param registry    that counts what the ports do
     * @param metrics     in the text format of Prometheus
     * @throws IOException if a port is taken
     */
    public HealthServer(int healthPort, int metricsPort, BooleanSupplier ready, Supplier<Optional<String>> note,
            MetricsPage.Readers readers, MeterRegistry registry, Supplier<String> metrics) throws IOException {
        Supplier<Optional<String>> problem = () -> ready.getAsBoolean() ? Optional.empty() : Optional.of("not yet");
        health = HttpPort.open("health", new InetSocketAddress(healthPort), Optional.empty(), HttpLimits.PROBES,
                registry, Probes.pages(problem, note));
        try {
            // Charts of earlier versions have the kubelet ask there.
            metricsPage = HttpPort.open("metrics", new InetSocketAddress(metricsPort), Optional.empty(),
                    HttpLimits.ADMIN, registry, Probes.pages(problem, note)
                            .add(MetricsPage.PATH, HttpPages.reading(new MetricsPage(readers, metrics))));
        } catch (IOException e) {
            health.close();
            throw e;
        }
    }

    public int healthPort() {
        return health.port();
    }

    public int metricsPort() {
        return metricsPage.port();
    }

    @Override
    public void close() {
        health.close();
        metricsPage.close();
    }
}
