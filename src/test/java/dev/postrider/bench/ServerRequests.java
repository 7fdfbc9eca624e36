package dev.postrider.bench;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What an API server has counted of its requests ({@code apiserver_request_total}), whoever made them.
 *
 * @param counts successful requests by "VERB resource" or "VERB resource/subresource"
 */
record ServerRequests(Map<String, Long> counts) {
    private static final Pattern LINE = Pattern.compile("^apiserver_request_total\\{(.*)} ([0-9.e+]+)$",
            Pattern.MULTILINE);
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

    static ServerRequests now(KubernetesClient client) {
        Map<String, Long> counts = new TreeMap<>();
        var lines = LINE.matcher(client.raw("/metrics"));
        while (lines.find()) {
            var labels = LABEL.matcher(lines.group(1))
                    .results()
                    .collect(Collectors.toMap(label -> label.group(1), label -> label.group(2)));
            if (labels.getOrDefault("code", "").startsWith("2")) {
                var subresource = labels.getOrDefault("subresource", "");
                var what = labels.get("verb") + " " + labels.get("resource")
                        + (subresource.isEmpty() ? "" : "/" + subresource);
                counts.merge(what, (long) Double.parseDouble(lines.group(2)), Long::sum);
            }
        }
        return new ServerRequests(counts);
    }

    /** What came since then. */
    ServerRequests since(ServerRequests before) {
        Map<String, Long> more = new TreeMap<>();
        counts.forEach((what, count) -> {
            var added = count - before.of(what);
            if (added > 0) {
                more.put(what, added);
            }
        });
        return new ServerRequests(more);
    }

    /** Those that change something; leases say only who leads. */
    ServerRequests writes() {
        return new ServerRequests(new TreeMap<>(counts.entrySet()
                .stream()
                .filter(e -> e.getKey().matches("(APPLY|PATCH|POST|PUT|DELETE|DELETECOLLECTION) .*"))
                .filter(e -> !e.getKey().endsWith(" leases"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue))));
    }

    long of(String what) {
        return counts.getOrDefault(what, 0L);
    }
}
