package dev.postrider.route;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** Where an upstream server is and how it is spoken to. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "protocol")
@JsonSubTypes({@JsonSubTypes.Type(value = Endpoint.Smtp.class, name = "smtp"),
        @JsonSubTypes.Type(value = Endpoint.Graph.class, name = "microsoftGraph")})
public sealed interface Endpoint {

    /** The host that credentials are sent to, as the resource names it. */
    String host();

    /** For people: {@code host:port}, an IPv6 address in brackets. */
    String display();

    /** For people: {@code host:port}, an IPv6 address in brackets. */
    static String display(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** How many connections may be open at a time, at least 1. */
    int maxConnections();

    /** In how many pieces it takes a message to so many recipients, by what is declared; each is a message to it. */
    default int transactions(int recipients) {
        return 1;
    }

    /** Whether it takes mail with the login of whoever submitted it, and no other. */
    default boolean wantsSubmitter() {
        return false;
    }

    /** How a connection is protected; see {@code spec.smtp.security}. */
    enum Security {
        NONE, STARTTLS_IF_OFFERED, STARTTLS, TLS
    }

    /** Whether a server takes octets above 127 (RFC 6152); see {@code spec.smtp.eightBitMime}. */
    enum EightBitMime {
        IF_OFFERED, NEVER, ASSUME
    }

    /**
     * A server spoken to by SMTP.
     *
     * @param host           name, IPv4 or IPv6 address without brackets
     * @param port           1 to 65535
     * @param security       how the connection is protected
     * @param tls            how it is encrypted, and what is asked of the server's certificate
     * @param allowPlaintextAuthentication whether a login may go over a connection that was left in the clear because
     *                       the server does not offer STARTTLS
     * @param proxy          what connections go through
     * @param ehloName       what EHLO says in place of the client's own name
     * @param connectTimeout for each address tried with the greeting, and for the proxy's answers
     * @param tlsTimeout     for the TLS handshake
     * @param replyTimeout   for each reply
     * @param dataTimeout    for the reply to a whole message
     * @param maxConnections at least 1
     * @param login          how to authenticate, if at all
     * @param withoutSmtpUtf8 whether SMTPUTF8 (RFC 6531) is not used, though the server may offer it
     * @param maxRecipients  how many recipients one transaction has at most, at least 1; empty where that is not known
     * @param eightBitMime   whether messages may have octets above 127
     */
    record Smtp(String host, int port, Security security, TlsSettings tls, boolean allowPlaintextAuthentication,
            Optional<Proxy> proxy, Optional<String> ehloName, Duration connectTimeout, Duration tlsTimeout,
            Duration replyTimeout, Duration dataTimeout, int maxConnections,
            Optional<Login> login,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean withoutSmtpUtf8,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Integer> maxRecipients,
            EightBitMime eightBitMime) implements Endpoint {
        private static final Duration DATA_TIMEOUT = Duration.ofMinutes(10);

        @JsonCreator
        public Smtp {
            // Routes of earlier versions say nothing of these.
            tls = Objects.requireNonNullElse(tls, TlsSettings.DEFAULT);
            tlsTimeout = Objects.requireNonNullElse(tlsTimeout, replyTimeout);
            dataTimeout = Objects.requireNonNullElse(dataTimeout, DATA_TIMEOUT);
            eightBitMime = Objects.requireNonNullElse(eightBitMime, EightBitMime.IF_OFFERED);
        }

        /** A server whose offers of SMTPUTF8 and 8BITMIME are taken up. */
        public Smtp(String host, int port, Security security, TlsSettings tls, boolean allowPlaintextAuthentication,
                Optional<Proxy> proxy, Optional<String> ehloName, Duration connectTimeout, Duration tlsTimeout,
                Duration replyTimeout, Duration dataTimeout, int maxConnections, Optional<Login> login) {
            this(host, port, security, tls, allowPlaintextAuthentication, proxy, ehloName, connectTimeout, tlsTimeout,
                    replyTimeout, dataTimeout, maxConnections, login, false, Optional.empty(),
                    EightBitMime.IF_OFFERED);
        }

        /** A server with authorities of its own, if there are any, and all else by default. */
        public Smtp(String host, int port, Security security, Optional<String> certificateAuthorities,
                Duration connectTimeout, Duration replyTimeout, int maxConnections, Optional<Login> login) {
            this(host, port, security, TlsSettings.trusting(certificateAuthorities), false, Optional.empty(),
                    Optional.empty(), connectTimeout, replyTimeout, replyTimeout, replyTimeout, maxConnections, login);
        }

        @Override
        public String display() {
            return Endpoint.display(host, port);
        }

        /** The name that the server's certificate must carry: without the root's dot or an address's zone. */
        public String certificateName() {
            String name = tls.serverName().orElse(host);
            int zone = name.indexOf('%');
            return zone >= 0
                    ? name.substring(0, zone)
                    : name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        }

        /**
         * Another server, reached as this one.
         *
         * @param otherTls empty for as this one, but for what is its own: names and client's certificate
         */
        public Smtp beside(String otherHost, int otherPort, Security otherSecurity, Optional<TlsSettings> otherTls) {
            return new Smtp(otherHost, otherPort, otherSecurity,
                    otherTls.orElseGet(() -> new TlsSettings(tls.minimumVersion(), Optional.empty(),
                            tls.certificateAuthorities(), Optional.empty(), tls.verification(),
                            tls.pinnedCertificates())),
                    false, proxy, Optional.empty(), connectTimeout, tlsTimeout, replyTimeout, dataTimeout, 1,
                    Optional.empty());
        }

        @Override
        public int transactions(int recipients) {
            return maxRecipients.map(most -> Math.ceilDiv(recipients, most)).orElse(1);
        }

        @Override
        public boolean wantsSubmitter() {
            return login.filter(Login.Submitter.class::isInstance).isPresent();
        }

        /** The same server for one of those who submit; itself if it is not theirs to log in. */
        public Smtp as(Login.Credentials somebody) {
            return login.orElse(null) instanceof Login.Submitter submitter
                    ? new Smtp(host, port, security, tls, allowPlaintextAuthentication, proxy, ehloName,
                            connectTimeout, tlsTimeout, replyTimeout, dataTimeout, maxConnections,
                            Optional.of(submitter.of(somebody)), withoutSmtpUtf8, maxRecipients, eightBitMime)
                    : this;
        }

        /** The same server without a login. */
        public Smtp withoutLogin() {
            return new Smtp(host, port, security, tls, allowPlaintextAuthentication, proxy, ehloName, connectTimeout,
                    tlsTimeout, replyTimeout, dataTimeout, maxConnections, Optional.empty(), withoutSmtpUtf8,
                    maxRecipients, eightBitMime);
        }

        /** The same server that takes no more recipients in one transaction. */
        public Smtp withMaxRecipients(Optional<Integer> most) {
            return new Smtp(host, port, security, tls, allowPlaintextAuthentication, proxy, ehloName, connectTimeout,
                    tlsTimeout, replyTimeout, dataTimeout, maxConnections, login, withoutSmtpUtf8, most,
                    eightBitMime);
        }

        /** Whether a login may be sent over a connection that is not encrypted. */
        public boolean sendsLoginInTheClear() {
            return security == Security.NONE && !wantsSubmitter()
                    || (security == Security.NONE || security == Security.STARTTLS_IF_OFFERED)
                            && allowPlaintextAuthentication;
        }
    }

    /**
     * A mailbox of Microsoft Graph.
     *
     * @param cloud           where the mailbox is
     * @param tenantId        the directory
     * @param mailbox         the mailbox that sends
     * @param application     who sends, and how it proves that: by a client secret or a certificate
     * @param saveToSentItems whether a copy stays among the mailbox's sent items
     */
    record Graph(Cloud cloud, String tenantId, String mailbox, TokenSource.Grant application,
            boolean saveToSentItems) implements Endpoint {

        /** The clouds of Microsoft ("Microsoft Graph national cloud deployments"). */
        public enum Cloud {
            GLOBAL("graph.microsoft.com", "login.microsoftonline.com"), US_GOV_L4("graph.microsoft.us",
                    "login.microsoftonline.us"), US_GOV_L5("dod-graph.microsoft.us",
                            "login.microsoftonline.us"), CHINA("microsoftgraph.chinacloudapi.cn",
                                    "login.chinacloudapi.cn");

            private final String graphHost;
            private final String loginHost;

            Cloud(String graphHost, String loginHost) {
                this.graphHost = graphHost;
                this.loginHost = loginHost;
            }

            /** The host that messages are sent to. */
            public String graphHost() {
                return graphHost;
            }

            /** The host that the credential is sent to. */
            public String loginHost() {
                return loginHost;
            }
        }

        @Override
        public String host() {
            return cloud.graphHost();
        }

        @Override
        public String display() {
            return host() + "/" + mailbox;
        }

        /** Exchange Online takes four requests of an application to a mailbox at a time; one may remove copies. */
        @Override
        public int maxConnections() {
            return saveToSentItems ? 4 : 3;
        }

        @Override
        public String toString() {
            return "Graph[" + display() + "]";
        }
    }
}
