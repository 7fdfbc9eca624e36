package dev.postrider.transport.sasl;

import java.util.Optional;

/**
 * Who logs in, where and with what.
 *
 * @param secret     password or access token
 * @param realm      of the user; for NTLM the domain
 * @param host       the server, as the resource names it
 * @param clientName the name of this machine, as EHLO tells it
 */
public record SaslCredentials(String user, String secret, Optional<String> realm, String host, int port,
        String clientName) {
    @Override
    public String toString() {
        return "SaslCredentials[user=" + user + ", host=" + host + "]";
    }
}
