package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** How to authenticate at an upstream server. What is secret never shows in {@code toString}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "method")
@JsonSubTypes({@JsonSubTypes.Type(value = Login.Password.class, name = "password"),
        @JsonSubTypes.Type(value = Login.OAuth2.class, name = "oauth2")})
public sealed interface Login {

    /** The user or mailbox that logs in. */
    String user();

    /** User name and password. */
    record Password(String user, String password) implements Login {
        @Override
        public String toString() {
            return "Password[user=" + user + "]";
        }
    }

    /**
     * A token by the client credentials grant (RFC 6749 section 4.4).
     *
     * @param tokenEndpoint an https URL
     * @param scopes        separated by spaces
     */
    record OAuth2(String user, String tokenEndpoint, String scopes, String clientId,
            String clientSecret) implements Login {
        @Override
        public String toString() {
            return "OAuth2[user=" + user + ", tokenEndpoint=" + tokenEndpoint + "]";
        }
    }
}
