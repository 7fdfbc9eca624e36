package dev.postrider.transport.sasl;

import javax.security.sasl.SaslException;

/** The server offers several realms, and none of them is declared. */
public final class RealmException extends SaslException {
    private static final long serialVersionUID = 1;

    RealmException(String message) {
        super(message);
    }
}
