package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Optional;

/**
 * Where access tokens come from (RFC 6749), and what for. What is secret never shows in {@code toString}.
 *
 * @param endpoint the token endpoint, an https URL
 * @param scopes   separated by spaces; empty to name none
 * @param grant    by what right
 * @param tls      how the endpoint is asked; empty for as any other https URL
 * @param proxy    what the endpoint is asked through
 */
public record TokenSource(String endpoint, Optional<String> scopes, Grant grant,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<TlsSettings> tls,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Proxy> proxy) {

    @JsonCreator
    public TokenSource {}

    /** At an endpoint that is asked directly. */
    public TokenSource(String endpoint, Optional<String> scopes, Grant grant) {
        this(endpoint, scopes, grant, Optional.empty(), Optional.empty());
    }

    /** The same for another right. */
    public TokenSource by(Grant other) {
        return new TokenSource(endpoint, scopes, other, tls, proxy);
    }

    /** The same, asked so. */
    public TokenSource asked(Optional<TlsSettings> how, Optional<Proxy> through) {
        return new TokenSource(endpoint, scopes, grant, how, through);
    }

    @Override
    public String toString() {
        return "TokenSource[endpoint=" + endpoint + ", scopes=" + scopes + ", grant=" + grant
                + tls.map(settings -> ", tls=" + settings).orElse("")
                + proxy.map(through -> ", proxy=" + through.display()).orElse("") + "]";
    }

    /** By what right tokens are issued. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "by")
    @JsonSubTypes({@JsonSubTypes.Type(value = ClientSecret.class, name = "clientSecret"),
            @JsonSubTypes.Type(value = ClientCertificate.class, name = "clientCertificate"),
            @JsonSubTypes.Type(value = ServiceAccount.class, name = "serviceAccount"),
            @JsonSubTypes.Type(value = RefreshToken.class, name = "refreshToken")})
    public sealed interface Grant {}

    /** The client credentials grant with a secret (RFC 6749 section 4.4). */
    public record ClientSecret(String clientId, String clientSecret) implements Grant {
        @Override
        public String toString() {
            return "ClientSecret[clientId=" + clientId + "]";
        }
    }

    /**
     * The client credentials grant with a signed assertion in place of a secret (RFC 7523 section 2.2).
     *
     * @param certificate in PEM; a chain may follow it
     * @param privateKey  its key in PEM, RSA or elliptic curve
     */
    public record ClientCertificate(String clientId, String certificate, String privateKey) implements Grant {
        @Override
        public String toString() {
            return "ClientCertificate[clientId=" + clientId + "]";
        }
    }

    /**
     * A signed assertion as the grant itself (RFC 7523 section 2.1), as service accounts of Google Cloud use it.
     *
     * @param account    address of the service account
     * @param keyId      tells the endpoint which of its keys signed
     * @param privateKey in PEM, RSA
     * @param subject    the user whose mailbox it acts for
     */
    public record ServiceAccount(String account, String keyId, String privateKey, String subject) implements Grant {
        @Override
        public String toString() {
            return "ServiceAccount[account=" + account + ", subject=" + subject + "]";
        }
    }

    /**
     * A refresh token that a person was granted once (RFC 6749 section 6).
     *
     * @param clientSecret empty for a public client
     */
    public record RefreshToken(String clientId, Optional<String> clientSecret, String refreshToken) implements Grant {
        @Override
        public String toString() {
            return "RefreshToken[clientId=" + clientId + "]";
        }
    }
}
