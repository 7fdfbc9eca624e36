package dev.postrider.relay.smtp;

import dev.postrider.message.header.OverlongNameException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens after DATA: the message is read, stored, and answered for. */
final class MessageReception {
    private static final Logger LOG = LoggerFactory.getLogger(MessageReception.class);

    private final SmtpListener listener;
    private final SmtpLimits limits;
    private final Connection connection;
    private final Replies replies;

    MessageReception(SmtpListener listener, Connection connection, Replies replies) {
        this.listener = listener;
        this.limits = listener.settings().limits();
        this.connection = connection;
        this.replies = replies;
    }

    /**
     * Takes a message.
     *
     * @return whether it was accepted
     * @throws IOException if the client is lost
     */
    boolean receive(Submission submission) throws IOException {
        try (IncomingMessage message = store(submission)) {
            return receive(message, submission.eightBit(), listener.messageSize(submission.user()));
        } catch (StorageException e) {
            replies.refuse("data", refusal(e.getCause()));
            return false;
        }
    }

    private IncomingMessage store(Submission submission) throws StorageException {
        try {
            return listener.policy().open(submission);
        } catch (IOException e) {
            throw new StorageException(e);
        }
    }

    /** Sets apart what failed at our side from what failed at the client's. */
    private static final class StorageException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException cause;

        StorageException(IOException cause) {
            super(cause);
            this.cause = cause;
        }

        @Override
        public synchronized IOException getCause() {
            return cause;
        }
    }

    private boolean receive(IncomingMessage message, boolean announced, long mostOctets) throws IOException {
        replies.say(354, "", "end the message with CR LF . CR LF");
        connection.pace().message();
        MessageData.Result result = new MessageData(connection.in(), message.content(), mostOctets, limits.textLine())
                .read();
        if (!result.complete()) {
            replies.hangUp();
            result.problem().ifPresent(problem -> LOG.info("refused and cut off: {}", problem));
            return false;
        }
        if (result.problem().isPresent()) {
            replies.refuse("data", refusal(result.problem().get(), mostOctets));
            return false;
        }
        if (result.failure().isPresent()) {
            throw new StorageException(result.failure().get());
        }
        try {
            message.commit(announced || result.eightBit());
        } catch (IOException e) {
            throw new StorageException(e);
        }
        replies.say(250, "2.0.0", "queued as " + message.id());
        return true;
    }

    private SubmissionPolicy.Refusal refusal(MessageData.Problem problem, long mostOctets) {
        return switch (problem) {
            case BARE_LINE_END -> new SubmissionPolicy.Refusal(554, "5.5.2",
                    "the message holds a CR or LF that is not part of a CR LF");
            case NUL -> new SubmissionPolicy.Refusal(554, "5.6.0", "the message holds a NUL");
            case LINE_TOO_LONG -> new SubmissionPolicy.Refusal(554, "5.6.0",
                    "the message holds a line of more than " + limits.textLine() + " octets");
            case TOO_BIG -> tooBig(mostOctets);
        };
    }

    static SubmissionPolicy.Refusal tooBig(long mostOctets) {
        return new SubmissionPolicy.Refusal(552, "5.3.4",
                "the message is bigger than " + mostOctets + " octets");
    }

    private static SubmissionPolicy.Refusal refusal(IOException failure) {
        if (failure instanceof IncomingMessage.RefusedException refused) {
            return refused.refusal();
        }
        if (failure instanceof OverlongNameException) {
            return new SubmissionPolicy.Refusal(554, "5.6.0", String.valueOf(failure.getMessage()));
        }
        LOG.error("a message could not be stored: {}", failure.getMessage());
        return failure instanceof IncomingMessage.NoSpaceException
                ? new SubmissionPolicy.Refusal(452, "4.3.1", "no room for the message, try again later")
                : new SubmissionPolicy.Refusal(451, "4.3.0", "the message could not be stored, try again later");
    }
}
