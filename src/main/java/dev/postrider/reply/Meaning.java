package dev.postrider.reply;

import dev.postrider.route.TestResult.Step;
import java.util.Optional;

/**
 * What a refusal means.
 *
 * @param replyClass what it is about
 * @param action     what follows
 * @param advice     what to do next, for people, where something better is known than for any such refusal
 */
public record Meaning(ReplyClass replyClass, ReplyAction action, Optional<String> advice) {

    /**
     * Whether the mail goes back to its sender where nothing else is left to try: by {@link ReplyAction.Bounce}, or where
     * dividing or encoding anew has not helped and the server calls its refusal permanent.
     *
     * @param reply that this is the meaning of
     * @param step  what was refused
     */
    public boolean isPermanent(Step step, Reply reply) {
        return switch (action) {
            case ReplyAction.Bounce _ -> true;
            case ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ -> reply.code() >= 500
                    && reply.enhanced().filter(status -> status.startsWith("4.")).isEmpty()
                // RFC 5321 section 4.5.3.1.10: said to a recipient it may stand for 452.
                    && !(reply.code() == 552 && step == Step.RecipientRejected);
            case ReplyAction.Retry _,ReplyAction.RetryElsewhere _,ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.FewerConnections _,ReplyAction.HoldOrganization _ ->
                false;
        };
    }

    /**
     * The same for a login that is a submitter's own: it says nothing of the server, which serves others, and is not to
     * be tried at other servers.
     */
    public Meaning ofSubmitter() {
        return switch (action) {
            case ReplyAction.RetryElsewhere _,ReplyAction.RestServer _,ReplyAction.RestUntilMidnight _,ReplyAction.HoldOrganization _ ->
                new Meaning(replyClass, new ReplyAction.Retry(), advice);
            case ReplyAction.Bounce _,ReplyAction.Retry _,ReplyAction.FewerConnections _,ReplyAction.SplitRecipients _,ReplyAction.EncodeAnew _ ->
                this;
        };
    }
}
