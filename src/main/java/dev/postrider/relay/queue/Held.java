package dev.postrider.relay.queue;

/**
 * What is queued, and what is on its way there.
 *
 * @param recipients of the messages, as far as they wait
 * @param coming     octets of messages that are coming in, as far as they were written already
 */
record Held(long messages, long octets, long recipients, long coming) {
    static final Held NOTHING = new Held(0, 0, 0, 0);

    /** What the rows of a message and of a recipient take beside its content, in both databases with their indexes. */
    private static final long MESSAGE_ROW = 1024;
    private static final long RECIPIENT_ROW = 512;

    Held plus(Held more) {
        return new Held(messages + more.messages, octets + more.octets, recipients + more.recipients,
                coming + more.coming);
    }

    Held minus(Held less) {
        return new Held(messages - less.messages, octets - less.octets, recipients - less.recipients,
                coming - less.coming);
    }

    /** What it takes on the disk, about. */
    long room() {
        return octets + coming + messages * MESSAGE_ROW + recipients * RECIPIENT_ROW;
    }

    Usage usage() {
        return new Usage(messages, octets).orNothing();
    }
}
