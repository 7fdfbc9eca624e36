package dev.postrider.relay;

import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.MailClass;
import dev.postrider.route.OrganizationRoute;
import dev.postrider.route.UnavailableClasses;
import java.util.Optional;

/** Why mail of a class is refused. */
final class ClassRefusals {
    private static final int LONGEST_TOLD = 40;

    private ClassRefusals() {}

    /** @param written as in a login */
    static Optional<Refusal> of(OrganizationRoute route, String written) {
        Optional<MailClass> mailClass = MailClass.parse(written);
        return mailClass.isPresent()
                ? of(route, mailClass.get())
                : Optional.of(refusal("there is no class \"%s\" of mail; log in with one of %s after the plus sign"
                        .formatted(written.replaceAll("[^!-~]", "?")
                                .substring(0, Math.min(written.length(), LONGEST_TOLD)), MailClass.all())));
    }

    static Optional<Refusal> of(OrganizationRoute route, MailClass mailClass) {
        UnavailableClasses unavailable = route.unavailable().orElse(UnavailableClasses.NONE);
        String resource = "OrganizationMailSettings " + route.key();
        if (unavailable.switchedOff().contains(mailClass)) {
            return Optional.of(refusal("mail of class %s is switched off in spec.capabilities of %s"
                    .formatted(mailClass.text(), resource)));
        }
        return unavailable.notProved().contains(mailClass)
                ? Optional.of(refusal("mail of class %s is not taken while mail is not proved to work; "
                        .formatted(mailClass.text()) + "the status of " + resource + " tells why"))
                : Optional.empty();
    }

    private static Refusal refusal(String text) {
        return new Refusal(550, "5.7.1", text);
    }
}
