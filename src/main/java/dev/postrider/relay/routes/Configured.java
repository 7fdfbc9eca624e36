package dev.postrider.relay.routes;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RelayRoute;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is made of the configuration in the relay's route, made anew when that is another one. Where nothing can be made of
 * it, as of what a later version of the operator wrote, all stays as it was. Safe for many threads.
 */
final class Configured<T> implements Supplier<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Configured.class);

    private record Made<T>(@Nullable RelayConfiguration of, T value) {}

    private final Supplier<Optional<RelayRoute>> route;
    private final Function<RelayConfiguration, T> maker;
    private final T otherwise;
    private volatile Made<T> made;

    Configured(Supplier<Optional<RelayRoute>> route, Function<RelayConfiguration, T> maker, T otherwise) {
        this.route = route;
        this.maker = maker;
        this.otherwise = otherwise;
        this.made = new Made<>(null, otherwise);
    }

    @Override
    public T get() {
        RelayConfiguration now = route.get().map(RelayRoute::configuration).orElse(null);
        Made<T> last = made;
        if (!Objects.equals(now, last.of)) {
            last = new Made<>(now, now == null ? otherwise : make(now, last.value));
            made = last;
        }
        return last.value;
    }

    private T make(RelayConfiguration now, T before) {
        try {
            return maker.apply(now);
        } catch (IllegalArgumentException e) {
            LOG.warn("the installation's settings cannot be read, so that they stay as they were: {}", e.getMessage());
            return before;
        }
    }
}
