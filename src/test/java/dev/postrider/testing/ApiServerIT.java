package dev.postrider.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

@UsesApiServer
final class ApiServerIT {
    private static final String SERVER = """
            apiVersion: postrider.dev/v1alpha1
            kind: MailServer
            metadata:
              name: fresh
            spec:
              smtp:
                host: mail.example.com
            """;

    @Test
    void anObjectThatNoOperatorHasSeenSaysSo(ApiServer server) {
        var namespace = server.createNamespace("fresh");

        var created = server.kubectlWithInput(SERVER, "create", "--validate=strict", "-n", namespace, "-f", "-");

        assertThat(created.out()).isEqualTo("mailserver.postrider.dev/fresh created\n");
        assertThat(server.kubectl("get", "ms", "-n", namespace, "--no-headers").out())
                .matches("fresh +Organization +true +Unknown +Pending +[0-9]+s\n");
    }

    @Test
    void theKindsAreExplained(ApiServer server) {
        assertThat(server.kubectl("explain", "ms.spec.smtp.host").out())
                .containsIgnoringWhitespaces("host <string> DESCRIPTION: Name or address of the server");
    }

    @Test
    void theKindsAreListedTogether(ApiServer server) {
        assertThat(server.kubectl("api-resources", "--categories=postrider", "--no-headers").out())
                .containsIgnoringWhitespaces("mailservers ms postrider.dev/v1alpha1 true MailServer")
                .containsIgnoringWhitespaces(
                        "organizationmailsettings oms postrider.dev/v1alpha1 true OrganizationMailSettings");
    }
}
