package dev.postrider.message;

/** Signs messages. */
public interface Signing {

    /** How many octets it adds to a message at most, as a rule. */
    int room();

    /**
     * The message with what proves whose it is in front; itself where there is nothing to be signed.
     *
     * @throws MessageException if it cannot be read
     */
    MessageContent sign(MessageContent message) throws MessageException;
}
