package dev.postrider.http;

import java.util.Optional;
import java.util.function.Supplier;

/** What the kubelet asks: whether the process should go on, and whether it does its work. */
public final class Probes {
    private Probes() {}

    /**
     * The pages {@code /healthz} and {@code /readyz}.
     *
     * @param problem why it does not do its work; empty if it does
     */
    public static HttpPages pages(Supplier<Optional<String>> problem) {
        return pages(problem, Optional::empty);
    }

    /**
     * The same, with what a person who asks should know.
     *
     * @param note what is to be said of a process that does its work; empty for nothing
     */
    public static HttpPages pages(Supplier<Optional<String>> problem, Supplier<Optional<String>> note) {
        return new HttpPages().add("/healthz", HttpPages.reading(_ -> HttpResponse.text(200, "ok")))
                .add("/readyz", HttpPages.reading(_ -> problem.get()
                        .map(why -> HttpResponse.text(503, why))
                        .orElseGet(() -> HttpResponse.text(200, note.get().map(said -> "ok: " + said).orElse("ok")))));
    }
}
