package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec.Scope;
import dev.postrider.api.MailServerStatus;
import dev.postrider.api.Reason;
import dev.postrider.api.SenderGrant;
import dev.postrider.api.TestSendStatus;
import dev.postrider.api.TestSpec;
import dev.postrider.route.Preference;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.ServerRoute;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What others see of a MailServer, and nothing that moves without a meaning to them: ten thousand organizations look at
 * one global server, and are planned anew when this changes.
 *
 * @param key            the MailServer
 * @param global         whether its scope is Global, honoured or not
 * @param active         whether mail may go through it, as its route says, or its spec where there is no route yet
 * @param routed         whether the relay has a route of it: it was proved once, or is not tested
 * @param wantsSubmitter whether it takes mail with the login of whoever submits it, and no other, by the same rule
 * @param testRecipient  {@code spec.test.recipient}
 * @param ready          the condition Ready
 * @param tested         the condition TestSendSucceeded, with a message only where no login was tested
 * @param preference     when mail goes through it as a global server
 * @param senders        {@code spec.senders}; counts only where the server is honoured as a global one
 * @param proof          its last test, if that proves something of the server as it is declared now
 * @param uid            of the MailServer: one that takes its name is another
 */
public record ServerView(ResourceKey key, boolean global, boolean active, boolean routed, boolean wantsSubmitter,
        Optional<String> testRecipient, Optional<Said> ready, Optional<Said> tested, Preference preference,
        List<SenderGrant> senders, Optional<Proof> proof, Optional<String> uid) {

    /** What a condition says, without its times. */
    record Said(Status status, String reason, String message) {
        boolean is(Reason other) {
            return reason.equals(other.toString());
        }
    }

    /** What came of a test. */
    record Proof(boolean accepted, Optional<String> reply, Optional<Reason> failedStep, Optional<String> failure) {
        static Proof of(TestSendStatus test) {
            return new Proof(test.accepted(), Optional.ofNullable(test.reply()), TestRecord.failedStep(test),
                    Optional.ofNullable(test.failure()));
        }
    }

    /**
     * The view of a server.
     *
     * @param route that the relay has of it
     */
    public static ServerView of(MailServer server, Optional<ServerRoute> route) {
        @Nullable
        MailServerStatus status = server.getStatus();
        List<Condition> conditions = status == null || status.conditions() == null ? List.of() : status.conditions();
        Optional<Condition> tested = Conditions.find(conditions, ConditionType.TestSendSucceeded);
        return new ServerView(MailServerPlan.key(server), server.getSpec().scope() == Scope.Global,
                route.map(ServerRoute::active).orElse(MailServerPlan.isActive(server)), route.isPresent(),
                route.map(r -> r.endpoint().wantsSubmitter()).orElse(MailServerPlan.wantsSubmitter(server)),
                Optional.ofNullable(server.getSpec().test()).map(TestSpec::recipient),
                Conditions.find(conditions, ConditionType.Ready).map(c -> said(c, "")),
                tested.map(c -> said(c, c.is(Reason.LoginNotTested) ? c.message() : "")),
                Servers.preference(server.getSpec().priority(), server.getSpec().weight()),
                Objects.requireNonNullElse(server.getSpec().senders(), List.of()),
                tested.filter(c -> c.status() != Status.Unknown)
                        .flatMap(_ -> Optional.ofNullable(status))
                        .flatMap(s -> Optional.ofNullable(s.testSend()))
                        .map(Proof::of),
                Optional.ofNullable(server.getMetadata().getUid()));
    }

    private static Said said(Condition condition, String message) {
        return new Said(condition.status(), condition.reason(), message);
    }

    /** Whether the relay sends mail through it. */
    boolean takesMail() {
        return routed && active;
    }

    /** Whether it is a server of all organizations, and in a namespace where that is honoured. */
    boolean isHonouredGlobal(Installation installation) {
        return global && installation.trustedNamespaces().contains(key.namespace());
    }
}
