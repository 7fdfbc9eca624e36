package dev.postrider.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

// @formatter:off The fields are laid out by hand: what each is for, then what it takes.

/** A proxy on the way to a server. */
public record Proxy(
        @JsonPropertyDescription("HTTP: a tunnel by CONNECT (RFC 9110 section 9.3.6). SOCKS5: RFC 1928. Both resolve "
                + "the name of the server themselves.")
        @Required Type type,
        @JsonPropertyDescription("Name or address of the proxy, as smtp.host.")
        @Required @Size(min = 1, max = 253) @Pattern("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?$") String host,
        @JsonPropertyDescription("TCP port of the proxy.")
        @Required @Min(1) @Max(65535) Integer port,
        @JsonPropertyDescription("A labelled Secret of this namespace with the keys username and password, where the "
                + "proxy wants a login. They go to it in the clear.")
        @Nullable SecretReference secretRef) {

    /** What a proxy speaks. */
    public enum Type {
        HTTP, SOCKS5
    }
}
