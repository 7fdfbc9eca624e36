package dev.postrider.relay;

import dev.postrider.relay.routes.Routes;
import dev.postrider.relay.smtp.ServerTls;
import dev.postrider.route.RelayRoute;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TLS context for the certificate that the relay's route holds now; the last good one if that is unusable. */
final class CurrentTls implements Supplier<Optional<SSLContext>> {
    private static final Logger LOG = LoggerFactory.getLogger(CurrentTls.class);

    private final Routes routes;
    private volatile @Nullable RelayRoute seen;
    private volatile Optional<SSLContext> context = Optional.empty();

    CurrentTls(Routes routes) {
        this.routes = routes;
    }

    @Override
    public Optional<SSLContext> get() {
        routes.relay().filter(route -> !route.equals(seen)).ifPresent(this::load);
        return context;
    }

    private synchronized void load(RelayRoute route) {
        if (route.equals(seen)) {
            return;
        }
        try {
            context = Optional.of(ServerTls.context(route.certificate(), route.privateKey()));
        } catch (GeneralSecurityException e) {
            LOG.error("the relay's certificate cannot be used, the last good one stays: {}", e.getMessage());
        }
        seen = route;
    }
}
