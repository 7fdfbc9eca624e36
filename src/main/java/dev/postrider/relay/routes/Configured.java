package dev.postrider.relay.routes;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.route.RelayRoute;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is made of the configuration in the relay's route, made anew when that is another one. Safe for many threads. */
final class Configured<T> implements Supplier<T> {
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
            last = new Made<>(now, now == null ? otherwise : maker.apply(now));
            made = last;
        }
        return last.value;
    }
}
