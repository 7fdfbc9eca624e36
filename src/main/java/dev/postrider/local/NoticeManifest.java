package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postrider.route.Address;
import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A LicenseExpiryNotice of a manifest as far as its mails depend on it.
 *
 * @param expiryDate       where it stands in the manifest and not in a Secret
 * @param recipients       those of the notice, else the administrators of its organization; may be empty
 * @param organizationName as people know it
 * @param from             of the organization; empty if it is not among the manifests
 * @param linkHost         of the organization's links
 */
public record NoticeManifest(String name, String license, Optional<LocalDate> expiryDate, int daysBefore,
        String language, ZoneId timeZone, LocalTime sendAt, List<String> recipients, Optional<String> subject,
        Optional<String> body, boolean calendar, String organizationName, Optional<Address> from,
        Optional<Address> replyTo, Optional<String> linkHost) {
    private static final String KIND = "LicenseExpiryNotice";

    /**
     * Reads the notices of a file or directory.
     *
     * @throws java.nio.file.NoSuchFileException if it is not there
     * @throws IOException                       if it cannot be read
     * @throws IllegalArgumentException          if a notice cannot be understood; names file, line and field
     */
    public static List<NoticeManifest> read(Path path) throws IOException {
        Manifests manifests = Manifests.read(List.of(path));
        if (!manifests.findings().isEmpty()) {
            throw new IllegalArgumentException(manifests.findings().getFirst().toString());
        }
        return manifests.documents()
                .stream()
                .filter(document -> document.kind().equals(KIND))
                .map(document -> new Reader(document, manifests.documents()).read())
                .toList();
    }

    private record Reader(Document document, List<Document> all) {
        NoticeManifest read() {
            ResourceKey organization = new ResourceKey(document.key().namespace(),
                    required("/spec/organizationRef/name"));
            JsonNode spec = all.stream()
                    .filter(other -> other.kind().equals(Kinds.ORGANIZATION) && other.key().equals(organization))
                    .reduce((first, last) -> last)
                    .map(other -> other.json().path("spec"))
                    .orElseGet(() -> document.json().path("none"));
            Optional<Address> from = address(spec.at("/identity/from"));
            List<String> recipients = addresses(document.json().at("/spec/recipients"));
            return new NoticeManifest(document.key().name(), required("/spec/license/name"),
                    parsed("/spec/license/expiryDate", "a date that exists, as 2027-01-31", LocalDate::parse),
                    daysBefore(), text("/spec/language").orElse("en"),
                    parsed("/spec/timeZone", "a time zone of the IANA database, as Europe/Berlin", ZoneId::of)
                            .orElse(ZoneId.of("UTC")),
                    parsed("/spec/sendAt", "a time of the day, as 09:00", LocalTime::parse).orElse(LocalTime.of(9, 0)),
                    recipients.isEmpty() ? addresses(spec.path("administrators")) : recipients, text("/spec/subject"),
                    text("/spec/body"), document.json().at("/spec/calendar").asBoolean(false),
                    from.flatMap(Address::name).orElse(organization.name()), from,
                    address(spec.at("/identity/replyTo")), Optional.ofNullable(spec.at("/links/host").textValue()));
        }

        private String required(String pointer) {
            return text(pointer).orElseThrow(() -> problem(pointer, "Required value"));
        }

        private Optional<String> text(String pointer) {
            return Optional.ofNullable(document.json().at(pointer).textValue());
        }

        private <T> Optional<T> parsed(String pointer, String allowed, Function<String, T> parser) {
            return text(pointer).map(text -> {
                try {
                    return parser.apply(text);
                } catch (DateTimeException e) {
                    throw problem(pointer, "Invalid value: \"%s\": must be %s".formatted(text, allowed));
                }
            });
        }

        private int daysBefore() {
            JsonNode days = document.json().at("/spec/daysBefore");
            if (!days.isIntegralNumber() || !days.canConvertToInt() || days.intValue() < 1 || days.intValue() > 90) {
                throw problem("/spec/daysBefore", "must be a number of days from 1 to 90");
            }
            return days.intValue();
        }

        private static Optional<Address> address(JsonNode mailbox) {
            return Optional.ofNullable(mailbox.path("address").textValue())
                    .map(address -> new Address(address, Optional.ofNullable(mailbox.path("name").textValue())));
        }

        private static List<String> addresses(JsonNode list) {
            List<String> entries = new ArrayList<>();
            if (list.isTextual()) {
                entries.add(list.textValue());
            }
            list.forEach(entry -> entries.add(entry.asText()));
            return entries.stream()
                    .flatMap(entry -> Arrays.stream(entry.split("[,;]", -1)))
                    .map(String::strip)
                    .filter(entry -> !entry.isEmpty())
                    .distinct()
                    .toList();
        }

        private IllegalArgumentException problem(String pointer, String message) {
            return new IllegalArgumentException(document.error(pointer, message).toString());
        }
    }
}
