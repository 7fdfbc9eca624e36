package dev.postrider.plan;

import dev.postrider.api.Authentication;
import dev.postrider.api.MailServerSpec;
import dev.postrider.api.MicrosoftGraph;
import dev.postrider.api.Reason;
import dev.postrider.api.Smtp;
import dev.postrider.plan.Problem.Area;
import dev.postrider.route.Durations;
import dev.postrider.route.Endpoint;
import dev.postrider.route.Login;
import dev.postrider.route.Proxy;
import dev.postrider.route.TokenSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns what a MailServer declares, with what its Secrets hold, into an endpoint. */
final class Endpoints {
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final String GRAPH = "spec.microsoftGraph";

    private final Credentials credentials;
    private final TlsDeclaration tls;
    private final TokenSources tokens;
    private final List<Problem> problems;

    Endpoints(World world, String namespace, List<Problem> problems) {
        this.credentials = new Credentials(world, namespace, problems);
        this.tls = new TlsDeclaration(world, namespace, credentials, problems);
        this.tokens = new TokenSources(credentials, problems);
        this.problems = problems;
    }

    /** The endpoint; empty when something is wrong, and then the problems are recorded. */
    Optional<Endpoint> of(MailServerSpec spec) {
        int before = problems.size();
        Optional<Endpoint> endpoint;
        if (spec.smtp() != null && spec.microsoftGraph() == null) {
            endpoint = smtp(spec.smtp());
        } else if (spec.microsoftGraph() != null && spec.smtp() == null) {
            endpoint = graph(spec.microsoftGraph());
        } else {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, "spec",
                    "exactly one of smtp and microsoftGraph must be set"));
            endpoint = Optional.empty();
        }
        return problems.size() == before ? endpoint : Optional.empty();
    }

    private Logins logins(Smtp smtp, Optional<Proxy> proxy) {
        List<String> passed = Optional.ofNullable(smtp.proxy()).map(its -> List.of(its.host())).orElse(List.of());
        return new Logins(credentials.passing(passed), tls, proxy, problems);
    }

    /**
     * The endpoint that a test mail goes to: where those who submit log in, with the login that is declared for tests.
     *
     * @param endpoint what {@link #of} made of the same declaration
     */
    Endpoint forTest(MailServerSpec spec, Endpoint endpoint) {
        Smtp smtp = spec.smtp();
        return smtp != null && smtp.authentication() != null && endpoint instanceof Endpoint.Smtp declared
                ? logins(smtp, Optional.empty()).forTest(smtp.authentication(), smtp.host())
                        .<Endpoint>map(declared::as)
                        .orElse(endpoint)
                : endpoint;
    }

    /** Whether only those who submit have a login, and none is declared for tests. */
    static boolean isTestedWithoutMail(MailServerSpec spec) {
        return submitter(spec).filter(submitter -> submitter.testSecretRef() == null).isPresent();
    }

    /** How those who submit are logged in, where they are. */
    static Optional<Authentication.Submitter> submitter(MailServerSpec spec) {
        return Optional.ofNullable(spec.smtp())
                .flatMap(smtp -> Optional.ofNullable(smtp.authentication()))
                .flatMap(authentication -> Optional.ofNullable(authentication.submitter()));
    }

    private Optional<Endpoint> smtp(Smtp smtp) {
        Optional<Proxy> proxy = Optional.ofNullable(smtp.proxy()).flatMap(this::proxy);
        Logins logins = logins(smtp, proxy);
        Optional<Login> login = Optional.ofNullable(smtp.authentication()).flatMap(a -> logins.of(a, smtp.host()));
        Smtp.Security security = securityOf(smtp);
        if (smtp.authentication() != null && smtp.authentication().submitter() != null
                && security == Smtp.Security.None && !Boolean.TRUE.equals(smtp.allowPlaintextAuthentication())) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, "spec.smtp.security",
                    "None would send the passwords of those who submit in the clear; choose another security, or set "
                            + "allowPlaintextAuthentication: true"));
        }
        return Optional.of(new Endpoint.Smtp(smtp.host(), portOf(smtp), switch (security) {
            case None -> Endpoint.Security.NONE;
            case StartTLSIfOffered -> Endpoint.Security.STARTTLS_IF_OFFERED;
            case StartTLS -> Endpoint.Security.STARTTLS;
            case TLS -> Endpoint.Security.TLS;
        }, tls.of(smtp.tls(), smtp.host()), Boolean.TRUE.equals(smtp.allowPlaintextAuthentication()),
                proxy, Optional.ofNullable(smtp.ehloName()),
                timeout(smtp.connectTimeout(), Duration.ofSeconds(60)),
                timeout(smtp.tlsTimeout(), Duration.ofSeconds(60)), timeout(smtp.replyTimeout(), Duration.ofMinutes(5)),
                timeout(smtp.dataTimeout(), Duration.ofMinutes(10)),
                Optional.ofNullable(smtp.maxConnections()).orElse(10), login,
                smtp.internationalizedEmail() == Smtp.InternationalizedEmail.Never,
                Optional.ofNullable(smtp.maxRecipients()).or(() -> KnownServers.maxRecipients(smtp.host())),
                switch (smtp.eightBitMime()) {
                    case null -> Endpoint.EightBitMime.IF_OFFERED;
                    case IfOffered -> Endpoint.EightBitMime.IF_OFFERED;
                    case Never -> Endpoint.EightBitMime.NEVER;
                    case Assume -> Endpoint.EightBitMime.ASSUME;
                }));
    }

    private Optional<Proxy> proxy(dev.postrider.api.Proxy declared) {
        Optional<Login.Password> login = Optional.ofNullable(declared.secretRef())
                .flatMap(ref -> credentials.read("spec.smtp.proxy.secretRef", ref.name(), List.of(declared.host()),
                        "username", "password"))
                .map(values -> new Login.Password(values.get(0), values.get(1)));
        return Optional.of(new Proxy(switch (declared.type()) {
            case HTTP -> Proxy.Type.HTTP;
            case SOCKS5 -> Proxy.Type.SOCKS5;
        }, declared.host(), declared.port(), login));
    }

    private static Duration timeout(@Nullable String declared, Duration otherwise) {
        Duration time = declared == null ? otherwise : Durations.read(declared);
        // Declared before the schema knew a bound, it holds nothing for longer either.
        return time.compareTo(LONGEST) > 0 ? LONGEST : time;
    }

    private static Smtp.Security securityOf(Smtp smtp) {
        return smtp.security() == null ? Smtp.Security.StartTLS : smtp.security();
    }

    private static int portOf(Smtp smtp) {
        return smtp.port() == null ? securityOf(smtp).defaultPort() : smtp.port();
    }

    private Optional<Endpoint> graph(MicrosoftGraph graph) {
        if ((graph.secretRef() == null) == (graph.certificateSecretRef() == null)) {
            problems.add(new Problem(Area.SPEC, Reason.InvalidSpec, GRAPH,
                    "exactly one of secretRef and certificateSecretRef must be set"));
            return Optional.empty();
        }
        Endpoint.Graph.Cloud cloud = cloudOf(graph);
        List<String> hosts = List.of(cloud.loginHost());
        Optional<TokenSource.Grant> by = graph.secretRef() != null
                ? tokens.clientSecret(GRAPH, graph.secretRef(), hosts)
                : Optional.ofNullable(graph.certificateSecretRef())
                        .flatMap(secret -> tokens.clientCertificate(GRAPH, secret, hosts));
        return by.map(application -> new Endpoint.Graph(cloud, graph.tenantId(), graph.mailbox(), application,
                !Boolean.FALSE.equals(graph.saveToSentItems())));
    }

    private static Endpoint.Graph.Cloud cloudOf(MicrosoftGraph graph) {
        return switch (Optional.ofNullable(graph.cloud()).orElse(MicrosoftGraph.Cloud.Global)) {
            case Global -> Endpoint.Graph.Cloud.GLOBAL;
            case USGovL4 -> Endpoint.Graph.Cloud.US_GOV_L4;
            case USGovL5 -> Endpoint.Graph.Cloud.US_GOV_L5;
            case China -> Endpoint.Graph.Cloud.CHINA;
        };
    }

    /** Where the declared server is, for people, whether or not its Secrets are there. */
    static String display(MailServerSpec spec) {
        Smtp smtp = spec.smtp();
        if (smtp != null) {
            return Endpoint.display(smtp.host(), portOf(smtp));
        }
        MicrosoftGraph graph = spec.microsoftGraph();
        return graph == null ? "" : cloudOf(graph).graphHost() + "/" + graph.mailbox();
    }

    /** The Secrets that a MailServer names: a change of one of them matters to it. */
    static List<String> secretNames(MailServerSpec spec) {
        List<String> names = new ArrayList<>();
        Smtp smtp = spec.smtp();
        if (smtp != null) {
            TlsDeclaration.secretNames(smtp).forEach(names::add);
            Optional.ofNullable(smtp.proxy())
                    .flatMap(proxy -> Optional.ofNullable(proxy.secretRef()))
                    .ifPresent(ref -> names.add(ref.name()));
            Optional.ofNullable(smtp.authentication()).stream().flatMap(Logins::secretNames).forEach(names::add);
        }
        MicrosoftGraph graph = spec.microsoftGraph();
        if (graph != null) {
            Stream.of(Optional.ofNullable(graph.secretRef()), Optional.ofNullable(graph.certificateSecretRef()))
                    .flatMap(Optional::stream)
                    .forEach(reference -> names.add(reference.name()));
        }
        return names;
    }

    /** The ConfigMaps that a MailServer names: a change of one of them matters to it. */
    static List<String> configMapNames(MailServerSpec spec) {
        return Optional.ofNullable(spec.smtp())
                .stream()
                .flatMap(TlsDeclaration::configMapNames)
                .toList();
    }

    /** The checks that a MailServer switches off or weakens, by their fields. */
    static List<String> weakenedChecks(MailServerSpec spec) {
        return Optional.ofNullable(spec.smtp()).map(TlsDeclaration::weakened).orElse(List.of());
    }
}
