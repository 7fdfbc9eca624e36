package dev.postrider.gitops;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An object as the operator and the API server left it in one of its states, and what GitOps tools must say of it.
 *
 * @param name    of the state, and of its file
 * @param kstatus what kstatus says, as Flux reads it
 * @param argo    what Argo CD says
 * @param message how Argo CD's message begins
 */
public record SavedState(String name, String kstatus, String argo, String message) {
    private static final Path FOLDER = Path.of("src/test/resources/gitops");
    // @formatter:off
    private static final String TABLE = """
            server-fresh                  | InProgress  | Progressing | Pending: the operator has not looked
            server-being-tested           | InProgress  | Progressing | InProgress: a test mail to postmaster@
            server-accepted               | Current     | Healthy     | Accepted: Email server accepted mail for delivery
            server-not-tested             | Current     | Healthy     | NotTested: not tested; set spec.test.recipient
            server-inactive               | Current     | Suspended   | Inactive: valid, and switched off
            server-secret-missing         | InProgress  | Progressing | SecretNotFound: spec.smtp.authentication
            server-unreachable            | InProgress  | Progressing | Connection: cannot connect to 127.0.0.1:2525
            server-login-refused          | Failed      | Degraded    | Authentication:
            server-scope-not-allowed      | Failed      | Degraded    | ScopeNotAllowed: spec.scope
            server-paused                 | InProgress  | Suspended   | Paused: Postrider leaves it alone
            server-changed                | InProgress  | Progressing | Changed: the operator has not looked at the change
            server-deletion-held          | Terminating | Progressing | Pending deletion
            organization-fresh            | InProgress  | Progressing | Pending: the operator has not looked
            organization-relay-starting   | InProgress  | Progressing | Unavailable:
            organization-server-in-test   | InProgress  | Progressing | WaitingForServer:
            organization-mail-works       | Current     | Healthy     | MailWorks: mail can be sent
            organization-not-tested       | Current     | Healthy     | NotTested:
            organization-disabled         | Current     | Suspended   | SendingDisabled: valid, and sending is switched off
            organization-server-missing   | InProgress  | Progressing | ServerNotFound: spec.servers[0]
            organization-webhook-waits    | InProgress  | Progressing | SecretNotFound: spec.events.webhook.signingSecretRef
            organization-binding-refused  | InProgress  | Progressing | Refused: Secret
            organization-server-forbidden | Failed      | Degraded    | ServerNotAllowed: spec.servers[0]
            organization-secret-taken     | Failed      | Degraded    | SecretExists: spec.binding.secretName
            organization-invalid          | Failed      | Degraded    | InvalidSpec: spec.
            organization-deletion-held    | Terminating | Progressing | Pending deletion
            organization-draining         | Terminating | Progressing | Pending deletion
            notice-fresh                  | InProgress  | Progressing | Pending: the operator has not looked
            notice-scheduled              | Current     | Healthy     | Scheduled:
            notice-already-expired        | Current     | Healthy     | AlreadyExpired:
            notice-organization-missing   | InProgress  | Progressing | OrganizationNotFound:
            notice-sending-disabled       | InProgress  | Suspended   | SendingDisabled: sending is switched off for
            notice-invalid                | Failed      | Degraded    | InvalidSpec: spec.timeZone
            notice-missed                 | Failed      | Degraded    | NoticeMissed:
            """;
    // @formatter:on

    /** All states that a resource can be in. */
    public static List<SavedState> all() {
        return TABLE.lines()
                .map(line -> line.split(" *\\| *", -1))
                .map(c -> new SavedState(c[0], c[1], c[2], c[3]))
                .toList();
    }

    /** The one of a name. */
    public static SavedState named(String name) {
        return all().stream().filter(state -> state.name.equals(name)).findFirst().orElseThrow();
    }

    /** Names of the files that there are. */
    static List<String> files() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString().replace(".yaml", "")).toList();
        }
    }

    /** Where the object is saved. */
    public Path file() {
        return FOLDER.resolve(name + ".yaml");
    }

    /** The saved object. */
    JsonNode object() {
        try {
            return new YAMLMapper().readTree(Files.readString(file()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it is being deleted. */
    boolean deleted() {
        return !object().at("/metadata/deletionTimestamp").isMissingNode();
    }

    @Override
    public String toString() {
        return name;
    }
}
