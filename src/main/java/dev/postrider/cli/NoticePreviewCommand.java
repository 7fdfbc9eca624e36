package dev.postrider.cli;

import dev.postrider.local.NoticeManifest;
import dev.postrider.notice.NoticeContent;
import dev.postrider.notice.NoticeEnvelope;
import dev.postrider.notice.NoticeKind;
import dev.postrider.notice.NoticeMail;
import dev.postrider.notice.NoticeTexts;
import dev.postrider.route.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Shows the mail that a notice would send. */
@Command(name = "preview", mixinStandardHelpOptions = true, description = {
        "Shows the mail that a LicenseExpiryNotice would send. Sends nothing, and needs no cluster.",
        "FILE may hold the notice's organization too, for its name, its addresses and its administrators."})
final class NoticePreviewCommand implements Callable<Integer> {
    private static final Address NO_ORGANIZATION = new Address("organization-is-not-in-the-file@postrider.invalid",
            Optional.empty());
    private static final String NO_RECIPIENT = "administrators-are-not-in-the-file@postrider.invalid";

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A manifest, or a directory of manifests.")
    Path file;

    @Option(names = "--name", paramLabel = "NAME", description = "Which notice, where there are several.")
    @Nullable
    String name;

    @Option(names = "--language", paramLabel = "TAG", description = "A BCP 47 tag in place of the notice's own.")
    @Nullable
    String language;

    @Option(names = "--on", paramLabel = "DATE", description = "The day on which the mail is sent. Default: when it is "
            + "due.")
    @Nullable
    LocalDate on;

    @Option(names = "--kind", paramLabel = "KIND", description = "before or onExpiry. Default: what is due on the day of "
            + "--on, else before.")
    @Nullable
    NoticeKind kind;

    @Option(names = "--expiry-date", paramLabel = "DATE", description = "In place of the notice's own, as where that is "
            + "in a Secret.")
    @Nullable
    LocalDate expiryDate;

    @Option(names = "--test", description = "As the annotation postrider.dev/test-send would have it.")
    boolean test;

    @Option(names = "--eml", paramLabel = "OUT", description = "Writes the mail there too, as it would be sent.")
    @Nullable
    Path eml;

    @Option(names = "--html", paramLabel = "OUT", description = "Writes the HTML there too.")
    @Nullable
    Path html;

    // @formatter:on

    @Override
    public Integer call() throws IOException {
        NoticeManifest notice = notice();
        LocalDate expires = Optional.ofNullable(expiryDate)
                .or(notice::expiryDate)
                .orElseThrow(() -> misunderstood(
                        "The notice \"%s\" reads its date from a Secret: say it with --expiry-date"
                                .formatted(notice.name())));
        checkTexts(notice);
        NoticeKind which = which(expires, notice.daysBefore());
        LocalDate day = on != null ? on : due(which, expires, notice.daysBefore());
        check(which, day, expires);
        NoticeContent content = new NoticeContent(which, notice.license(), expires, daysLeft(day, expires),
                notice.organizationName(), notice.linkHost(), language == null ? notice.language() : language,
                notice.subject(), notice.body(), notice.calendar(), notice.timeZone(), test);
        NoticeEnvelope envelope = new NoticeEnvelope(notice.from().orElse(NO_ORGANIZATION), notice.replyTo(),
                notice.recipients().isEmpty() ? List.of(NO_RECIPIENT) : notice.recipients(),
                "preview@postrider.invalid", Optional.empty(),
                day.atTime(notice.sendAt()).atZone(notice.timeZone()).toInstant());
        ReadableMail mail;
        try (var octets = NoticeMail.compose(content, envelope).open()) {
            mail = ReadableMail.of(octets.readAllBytes());
        }
        if (eml != null) {
            Files.write(eml, mail.octets());
        }
        if (html != null) {
            Files.writeString(html, mail.html());
        }
        spec.commandLine().getOut().print(mail.forPeople());
        spec.commandLine().getOut().flush();
        return 0;
    }

    private NoticeManifest notice() throws IOException {
        List<NoticeManifest> notices;
        try {
            notices = NoticeManifest.read(file);
        } catch (NoSuchFileException e) {
            throw misunderstood("There is no file or directory " + e.getMessage());
        }
        List<NoticeManifest> chosen = notices.stream()
                .filter(notice -> name == null || notice.name().equals(name))
                .toList();
        if (chosen.size() == 1) {
            return chosen.getFirst();
        }
        if (notices.isEmpty()) {
            throw misunderstood("No LicenseExpiryNotice in " + file);
        }
        throw misunderstood("Which notice? Choose one with --name: "
                + notices.stream().map(NoticeManifest::name).collect(Collectors.joining(", ")));
    }

    private void checkTexts(NoticeManifest notice) {
        String tag = language == null ? notice.language() : language;
        if (!NoticeTexts.isLanguage(tag)) {
            throw misunderstood("\"%s\" is no language; write a BCP 47 tag, as en, de-AT or zh-Hant".formatted(tag));
        }
        Stream.of(notice.subject().stream().flatMap(text -> problems("spec.subject", text)),
                notice.body().stream().flatMap(text -> problems("spec.body", text)))
                .flatMap(problems -> problems)
                .findFirst()
                .ifPresent(problem -> {
                    throw new IllegalArgumentException(problem);
                });
    }

    private static Stream<String> problems(String field, String text) {
        return NoticeTexts.problems(text).stream().map(problem -> field + ": " + problem);
    }

    private NoticeKind which(LocalDate expires, int daysBefore) {
        LocalDate day = on == null ? due(NoticeKind.BEFORE, expires, daysBefore) : on;
        return kind != null ? kind : day.isBefore(expires) ? NoticeKind.BEFORE : NoticeKind.ON_EXPIRY;
    }

    private void check(NoticeKind which, LocalDate day, LocalDate expires) {
        if (which == NoticeKind.BEFORE && !day.isBefore(expires)) {
            throw misunderstood("%s is not before the expiry date %s: only onExpiry is sent then".formatted(day,
                    expires));
        }
        if (which == NoticeKind.ON_EXPIRY && day.isBefore(expires)) {
            throw misunderstood("%s is before the expiry date %s: only before is sent then".formatted(day, expires));
        }
    }

    private static LocalDate due(NoticeKind kind, LocalDate expires, int daysBefore) {
        return switch (kind) {
            case BEFORE -> expires.minusDays(daysBefore - 1L);
            case ON_EXPIRY -> expires;
        };
    }

    /** Counts both days. */
    private static int daysLeft(LocalDate day, LocalDate expires) {
        return (int) ChronoUnit.DAYS.between(day, expires) + 1;
    }

    private ParameterException misunderstood(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
