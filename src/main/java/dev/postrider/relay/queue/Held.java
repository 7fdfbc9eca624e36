package dev.postrider.relay.queue;

/**
 * What is queued, and what is on its way there.
 *
 * @param recipients of the messages, as far as they wait
 * @param coming     octets that room is kept for, of messages that are coming in
 * @param written    octets of those that are on the disk already
 */
record Held(long messages, long octets, long recipients, long coming, long written) {
    static final Held NOTHING = queued(0, 0, 0);

    /** What the rows of a message and of a recipient take beside its content, in both databases with their indexes. */
    private static final long MESSAGE_ROW = 1024;
    private static final long RECIPIENT_ROW = 512;

    static Held queued(long messages, long octets, long recipients) {
        return new Held(messages, octets, recipients, 0, 0);
    }

    static Held coming(long octets, long written) {
        return new Held(0, 0, 0, octets, written);
    }

    Held plus(Held more) {
        return new Held(messages + more.messages, octets + more.octets, recipients + more.recipients,
                coming + more.coming, written + more.written);
    }

    Held minus(Held less) {
        return new Held(messages - less.messages, octets - less.octets, recipients - less.recipients,
                coming - less.coming, written - less.written);
    }

    /** What it takes, about, once all of it has come. */
    long room() {
        return stored() + coming - written;
    }

    /** What it takes on the disk now, about. */
    long stored() {
        return octets + written + messages * MESSAGE_ROW + recipients * RECIPIENT_ROW;
    }

    Usage usage() {
        return new Usage(messages, octets).orNothing();
    }
}
