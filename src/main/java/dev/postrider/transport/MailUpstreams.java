package dev.postrider.transport;

import dev.postrider.reply.ReplyRules;
import dev.postrider.route.Endpoint;
import dev.postrider.route.ServerRoute;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;

/**
 * Opens ways to upstream servers by the protocol that each speaks. Access tokens, POP3 logins and what was learned of
 * servers are shared among them.
 */
public final class MailUpstreams implements Upstreams {
    private final String ehloName;
    private final boolean recordDialogue;
    private final EgressPolicy tenants;
    private final EgressPolicy trusted = EgressPolicy.OPEN;
    private final GraphEndpoints graph;
    private final AccessTokens tokens;
    private final TlsContexts contexts = new TlsContexts();
    private final PopLogins popLogins;
    private final Supplier<ReplyRules> installed;
    private final ObservedLimits observed = new ObservedLimits(InstantSource.system());

    /**
     * Ways that introduce themselves with this name.
     *
     * @param ehloName       a host name, or an address literal in brackets (RFC 5321 section 4.1.1.1)
     * @param recordDialogue whether {@link Attempt#dialogue()} is filled
     * @param tenants        where servers may be, but global ones, which are the installation's own choice
     */
    public MailUpstreams(String ehloName, boolean recordDialogue, EgressPolicy tenants) {
        this(ehloName, recordDialogue, tenants, GraphEndpoints.MICROSOFT, ReplyRules::shipped);
    }

    /**
     * As {@link #MailUpstreams(String, boolean, EgressPolicy)}, with another Microsoft Graph and other rules.
     *
     * @param graph     where that is
     * @param installed the installation's rules for replies at this moment, for servers that say nothing else
     */
    public MailUpstreams(String ehloName, boolean recordDialogue, EgressPolicy tenants, GraphEndpoints graph,
            Supplier<ReplyRules> installed) {
        this(ehloName, recordDialogue, tenants, graph,
                graph.plainLogin()
                        ? new AccessTokens(InstantSource.system(), Duration.ofSeconds(30), true)
                        : new AccessTokens(),
                new PopLogins(), installed);
    }

    MailUpstreams(String ehloName, boolean recordDialogue, EgressPolicy tenants, AccessTokens tokens,
            PopLogins popLogins) {
        this(ehloName, recordDialogue, tenants, GraphEndpoints.MICROSOFT, tokens, popLogins, ReplyRules::shipped);
    }

    private MailUpstreams(String ehloName, boolean recordDialogue, EgressPolicy tenants, GraphEndpoints graph,
            AccessTokens tokens, PopLogins popLogins, Supplier<ReplyRules> installed) {
        this.installed = installed;
        this.ehloName = ehloName;
        this.recordDialogue = recordDialogue;
        this.tenants = tenants;
        this.graph = graph;
        this.tokens = tokens;
        this.popLogins = popLogins;
    }

    @Override
    public Upstream to(ServerRoute server) {
        ReplyRules rules = installed.get().after(server.replyRules());
        return switch (server.endpoint()) {
            case Endpoint.Smtp smtp -> new SmtpUpstream(server.key(), smtp, server.global() ? trusted : tenants,
                    ehloName, recordDialogue, tokens, popLogins, contexts, rules, observed);
            case Endpoint.Graph endpoint -> new GraphUpstream(endpoint, graph, recordDialogue, tokens, rules);
        };
    }
}
