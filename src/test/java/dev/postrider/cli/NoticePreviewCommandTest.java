package dev.postrider.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What {@code postrider notice preview} shows. */
@Tag("notices")
final class NoticePreviewCommandTest {
    private static final String MANIFESTS = """
            apiVersion: postrider.dev/v1alpha1
            kind: OrganizationMailSettings
            metadata: {name: acme, namespace: acme}
            spec:
              identity:
                from: {address: no-reply@acme.example, name: Acme}
                replyTo: {address: help@acme.example}
              administrators: [ann@acme.example, bob@acme.example]
            ---
            apiVersion: postrider.dev/v1alpha1
            kind: LicenseExpiryNotice
            metadata: {name: console, namespace: acme}
            spec:
              organizationRef: {name: acme}
              license: {name: Example Console, expiryDate: 2027-01-31}
              daysBefore: 20
              timeZone: Asia/Tokyo
            """;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("notice.yaml");
        Files.writeString(file, MANIFESTS);
    }

    @Test
    void theMailIsShownAsAPersonReadsIt() {
        assertThat(preview()).isZero();
        assertThat(out).hasToString("""
                From: Acme <no-reply@acme.example>
                Reply-To: help@acme.example
                To: ann@acme.example, bob@acme.example
                Date: Tue, 12 Jan 2027 09:00:00 +0900 (JST)
                Subject: Example Console: 20 days left

                Hello,

                The license “Example Console” of Acme expires on January 31, 2027. 20 days are left, counting today \
                and the expiry day.

                Please renew it in time.

                License: Example Console
                Organization: Acme
                Expiry date: Sunday, January 31, 2027
                Days left: 20

                --\s
                You receive this mail because your address is on the list for license notices of Acme. It was sent \
                automatically.
                """);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --on=2027-01-12                   | Subject: Example Console: 20 days left
            --on=2027-01-30                   | Subject: Example Console: 2 days left
            --on=2027-01-31                   | Subject: Example Console expires today
            --on=2027-02-02                   | 2 days ago
            --kind=onExpiry                   | Date: Sun, 31 Jan 2027 09:00:00 +0900
            --kind=onExpiry                   | Subject: Example Console expires today
            --kind=before --on=2027-01-30     | Subject: Example Console: 2 days left
            --expiry-date=2028-02-29          | Date: Thu, 10 Feb 2028
            --language=ja --on=2027-01-12     | Subject: Example Console：有効期限まで残り20日
            --language=de-AT                  | 31. Jänner 2027
            --test                            | Subject: [Test] Example Console: 20 days left
            """)
    void theDayTheLanguageAndTheKindDecide(String options, String shown) {
        assertThat(preview(options.split(" +"))).isZero();
        assertThat(out.toString()).contains(shown);
    }

    @Test
    void theMailAndItsHtmlAreWrittenToFiles() throws IOException {
        Path eml = directory.resolve("mail.eml");
        Path html = directory.resolve("mail.html");

        assertThat(preview("--language=ar", "--eml", eml.toString(), "--html", html.toString())).isZero();
        assertThat(Files.readString(eml)).contains("Content-Type: multipart/alternative", "\r\n");
        assertThat(Files.readString(html)).startsWith("<!DOCTYPE html>\n<html lang=\"ar\" dir=\"rtl\">");
    }

    @Test
    void withoutTheOrganizationThePlacesOfItsAddressesSaySo() throws IOException {
        Files.writeString(file, MANIFESTS.substring(MANIFESTS.indexOf("---")));

        assertThat(preview()).isZero();
        assertThat(out.toString()).startsWith("""
                From: organization-is-not-in-the-file@postrider.invalid
                To: administrators-are-not-in-the-file@postrider.invalid
                """);
    }

    @Test
    void recipientsMayBeOneTextWithCommas() throws IOException {
        Files.writeString(file, MANIFESTS + "  recipients: 'x@acme.example, y@acme.example'\n");

        assertThat(preview()).isZero();
        assertThat(out.toString()).contains("To: x@acme.example, y@acme.example\n");
    }

    @Test
    void ownTextsAndTheCalendarAreShown() throws IOException {
        Files.writeString(file, MANIFESTS + "  subject: 'Renew $[license]'\n  body: 'Until $[expiry_date].'\n"
                + "  calendar: true\n");

        assertThat(preview()).isZero();
        assertThat(out.toString()).contains("Subject: Renew Example Console\n\nUntil January 31, 2027.\n",
                "[attached: expiry.ics]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2027-01-31     | 2027-02-30        | 1 | notice.yaml:15: spec.license.expiryDate: Invalid value: "2027-02-30"
            daysBefore: 20 | daysBefore: 91    | 1 | spec.daysBefore: must be a number of days from 1 to 90
            Asia/Tokyo     | Asia/Atlantis     | 1 | spec.timeZone: Invalid value: "Asia/Atlantis"
            daysBefore: 20 | daysBefore: 20, x | 1 | notice.yaml
            ann@acme       | ann@@acme         | 1 | is no mail address
            , expiryDate: 2027-01-31 | ''      | 2 | say it with --expiry-date
            LicenseExpiryNotice | Other        | 2 | No LicenseExpiryNotice in
            timeZone: Asia/Tokyo | subject: $[day] | 1 | spec.subject: "$[day]" is no variable
            """)
    void whatIsWrongInTheFileIsSaid(String text, String wrong, int exit, String message) throws IOException {
        Files.writeString(file, MANIFESTS.replace(text, wrong));

        assertThat(preview()).as(err.toString()).isEqualTo(exit);
        assertThat(err.toString()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --language=qq                   | "qq" is no language
            --language=de_AT                | "de_AT" is no language
            --on=2027-02-30                 | --on
            --kind=after                    | --kind
            --kind=before --on=2027-02-01   | only onExpiry is sent then
            --kind=onExpiry --on=2027-01-30 | only before is sent then
            --name=other                    | Choose one with --name: console
            """)
    void anOptionThatCannotBeIsAUsageError(String options, String message) {
        assertThat(preview(options.split(" +"))).as(err.toString()).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    private int preview(String... options) {
        CommandLine commandLine = Postrider.commandLine()
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        String[] arguments = new String[options.length + 3];
        arguments[0] = "notice";
        arguments[1] = "preview";
        arguments[2] = file.toString();
        System.arraycopy(options, 0, arguments, 3, options.length);
        return commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }
}
