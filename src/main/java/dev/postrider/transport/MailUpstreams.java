package dev.postrider.transport;

import dev.postrider.route.Endpoint;
import dev.postrider.route.ServerRoute;
import java.time.Duration;
import java.time.InstantSource;

/** Opens ways to upstream servers by the protocol that each speaks. Access tokens and POP3 logins are shared among them. */
public final class MailUpstreams implements Upstreams {
    private final String ehloName;
    private final boolean recordDialogue;
    private final GraphEndpoints graph;
    private final AccessTokens tokens;
    private final TlsContexts contexts = new TlsContexts();
    private final PopLogins popLogins;

    /**
     * Ways that introduce themselves with this name.
     *
     * @param ehloName       a host name, or an address literal in brackets (RFC 5321 section 4.1.1.1)
     * @param recordDialogue whether {@link Attempt#dialogue()} is filled
     */
    public MailUpstreams(String ehloName, boolean recordDialogue) {
        this(ehloName, recordDialogue, GraphEndpoints.MICROSOFT);
    }

    /**
     * As {@link #MailUpstreams(String, boolean)}, with another Microsoft Graph.
     *
     * @param graph where that is
     */
    public MailUpstreams(String ehloName, boolean recordDialogue, GraphEndpoints graph) {
        this(ehloName, recordDialogue, graph,
                graph.plainLogin()
                        ? new AccessTokens(InstantSource.system(), Duration.ofSeconds(30), true)
                        : new AccessTokens(),
                new PopLogins());
    }

    MailUpstreams(String ehloName, boolean recordDialogue, AccessTokens tokens, PopLogins popLogins) {
        this(ehloName, recordDialogue, GraphEndpoints.MICROSOFT, tokens, popLogins);
    }

    private MailUpstreams(String ehloName, boolean recordDialogue, GraphEndpoints graph, AccessTokens tokens,
            PopLogins popLogins) {
        this.ehloName = ehloName;
        this.recordDialogue = recordDialogue;
        this.graph = graph;
        this.tokens = tokens;
        this.popLogins = popLogins;
    }

    @Override
    public Upstream to(ServerRoute server) {
        return switch (server.endpoint()) {
            case Endpoint.Smtp smtp -> new SmtpUpstream(server.key(), smtp, ehloName, recordDialogue, tokens, popLogins,
                    contexts);
            case Endpoint.Graph endpoint -> new GraphUpstream(endpoint, graph, recordDialogue, tokens);
        };
    }
}
