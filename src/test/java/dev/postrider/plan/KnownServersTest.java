package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("delivery-world")
final class KnownServersTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            email-smtp.eu-central-1.amazonaws.com,        50
            EMAIL-SMTP.us-east-1.amazonaws.com.,          50
            email-smtp-fips.us-gov-west-1.amazonaws.com,  50
            smtp.postmarkapp.com,                         50
            smtp-broadcasts.postmarkapp.com,              50
            email-smtp.eu-central-1.amazonaws.com.evil.example,
            xemail-smtp.eu-central-1.amazonaws.com,
            smtp.office365.com,
            smtp.gmail.com,
            127.0.0.1,
            """)
    void recipientsOfAMessageByTheDocumentsOfTheProvider(String host, Integer most) {
        assertThat(KnownServers.maxRecipients(host)).isEqualTo(Optional.ofNullable(most));
    }
}
