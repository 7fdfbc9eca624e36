package dev.postrider.transport.sasl;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postrider.route.SaslMechanism;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.security.sasl.SaslException;
import org.junit.jupiter.api.Tag;

/** Challenges of a server that does not know the password, a line each. */
@Tag("upstreams")
final class SaslExchangeFuzz {

    @DictionaryEntries({"r=", ",s=", ",i=4096", "v=", "e=other-error", "realm=", "nonce=\"n\"", "qop=\"auth\"",
            "algorithm=md5-sess", "charset=utf-8", "maxbuf=", "rspauth=", "NTLMSSP", "\0\002\0\0\0"})
    @FuzzTest(maxDuration = "3s")
    void nothingButASaslExceptionComesOfIt(byte[] octets) throws SaslException {
        SaslCredentials credentials = new SaslCredentials("shop", "geheim-4711", Optional.of("acme"), "localhost", 587,
                "client.test");
        for (SaslMechanism mechanism : SaslMechanism.values()) {
            SaslExchange exchange = SaslExchange.of(mechanism, credentials);
            exchange.initialResponse();
            try {
                for (String line : new String(octets, StandardCharsets.ISO_8859_1).split("\n", 4)) {
                    exchange.respond(line.getBytes(StandardCharsets.ISO_8859_1));
                }
            } catch (SaslException e) {
                assertThat(e).hasMessageNotContaining("geheim-4711");
            }
            if (mechanism == SaslMechanism.SCRAM_SHA_256) {
                assertThat(exchange.isComplete()).as("the server proved what it does not know").isFalse();
            }
        }
    }
}
