package dev.postrider.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.postrider.api.LicenseExpiryNoticeSpec.Format;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Base64;

/** Reads the last day of a license out of what a Secret holds. */
final class ExpiryDates {
    /** A date of more digits is a mistake. */
    private static final int LAST_YEAR = 9999;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ExpiryDates() {}

    /**
     * The last day on which it is valid.
     *
     * @param zone where the instant of a token or a certificate is looked up in the calendar
     * @throws IllegalArgumentException if it tells no date; the message says what is expected and nothing of the content
     */
    static LocalDate read(Format format, String content, ZoneId zone) {
        try {
            LocalDate date = switch (format) {
                case Date -> LocalDate.parse(content.strip());
                // Of a token the instant is the first at which it must not be taken (RFC 7519 section 4.1.4).
                case JWT -> LocalDate.ofInstant(expiration(content.strip()).minusMillis(1), zone);
                // Of a certificate it is the last at which it is valid (RFC 5280 section 4.1.2.5).
                case Certificate -> LocalDate.ofInstant(notAfter(content), zone);
            };
            if (date.getYear() < 1 || date.getYear() > LAST_YEAR) {
                throw new DateTimeException("year " + date.getYear());
            }
            return date;
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(format == Format.Date
                    ? "holds no date that exists, written as 2027-01-31"
                    : "holds a time after the year 9999");
        }
    }

    private static Instant expiration(String token) {
        String[] parts = token.split("\\.", -1);
        try {
            JsonNode claims = parts.length == 3 ? JSON.readTree(Base64.getUrlDecoder().decode(parts[1])) : null;
            if (claims != null && claims.path("exp").isNumber()) {
                return Instant.ofEpochSecond(claims.path("exp").asLong());
            }
        } catch (IOException | IllegalArgumentException e) {
            // The parser's own message quotes the token.
        }
        throw new IllegalArgumentException("holds no JSON Web Token with a number under exp (RFC 7519)");
    }

    private static Instant notAfter(String pem) {
        try {
            return ((X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))).getNotAfter()
                    .toInstant();
        } catch (CertificateException e) {
            throw new IllegalArgumentException("holds no certificate in PEM");
        }
    }
}
