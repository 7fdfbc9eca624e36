package dev.postrider.testing;

import java.util.List;

/** A mail server of other people's that keeps what it takes, so that a test can look at it. */
public interface ReceivingServer extends AutoCloseable {
    /** On the loopback interface, in the clear. */
    int port();

    /** What it has taken; the sender, TLS and the account are not known. */
    List<ScriptedSmtpServer.Received> messages();

    @Override
    void close();
}
