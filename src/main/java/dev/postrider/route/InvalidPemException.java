package dev.postrider.route;

/** Tells for people which part of a text in PEM is not what it should be. Quotes nothing of a key. */
public final class InvalidPemException extends Exception {
    public InvalidPemException(String message) {
        super(message);
    }
}
