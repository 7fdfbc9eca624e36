package dev.postrider.cli;

import dev.postrider.cli.terminal.Terminal;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

// @formatter:off The options are laid out by hand: what each is called, then what it is for.

/** Sends a mail as an application does that has mounted a binding. */
@Command(name = "send", mixinStandardHelpOptions = true, description = {
        "Sends a mail through the relay, as an application does that has mounted a binding.",
        "Exit code 0 once the relay has taken it, 1 if it has not."})
final class SendCommand implements Callable<Integer> {
    private static final Duration PAUSE = Duration.ofSeconds(2);

    @Spec
    CommandSpec spec;

    @Option(names = "--binding", paramLabel = "DIR", required = true,
            description = "Where the binding is mounted: a file for each of its entries.")
    Path binding;

    @Option(names = "--to", paramLabel = "ADDRESS", required = true, description = "To whom.")
    String recipient;

    @Option(names = "--subject", paramLabel = "TEXT", defaultValue = "A mail by Postrider",
            description = "Default: ${DEFAULT-VALUE}.")
    String subject;

    @Option(names = "--text", paramLabel = "TEXT", defaultValue = "This mail shows that the binding works.",
            description = "What it says. Default: ${DEFAULT-VALUE}")
    String text;

    @Option(names = "--patience", paramLabel = "TIME", defaultValue = "0s", converter = Time.class,
            description = "How long to try again while the relay cannot be reached, does not know the login yet, or "
                    + "refuses for the time being. Default: ${DEFAULT-VALUE}.")
    Duration patience;

    // @formatter:on

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!Files.isDirectory(binding)) {
            throw new ParameterException(spec.commandLine(), "There is no directory " + binding);
        }
        Terminal terminal = Terminal.of(spec.commandLine());
        Instant end = Instant.now().plus(patience);
        String told = "";
        while (true) {
            try {
                String reply = new BoundApplication(binding).send(recipient, subject, text + "\n");
                terminal.print(terminal.good("taken") + " by the relay: " + reply);
                return 0;
            } catch (NoSuchFileException e) {
                throw new ParameterException(spec.commandLine(), "The binding in " + binding + " has no entry "
                        + Path.of(e.getFile()).getFileName() + "; is it the Secret of an OrganizationMailSettings?", e);
            } catch (MessagingException e) {
                String reason = reason(e);
                if (!mayPass(e) || Instant.now().plus(PAUSE).isAfter(end)) {
                    terminal.print(terminal.bad("not taken") + ": " + reason);
                    return 1;
                }
                if (!reason.equals(told)) {
                    terminal.print(terminal.waiting("waiting") + ": " + reason);
                    told = reason;
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    /** Whether it may be otherwise soon: a relay that starts, a route on its way, a reply 4yz (RFC 5321 4.2.1). */
    private static boolean mayPass(MessagingException e) {
        return switch (failure(e)) {
            case SMTPSendFailedException refused -> refused.getReturnCode() < 500;
            case SMTPSenderFailedException refused -> refused.getReturnCode() < 500;
            case SMTPAddressFailedException refused -> refused.getReturnCode() < 500;
            default -> true;
        };
    }

    private static String reason(MessagingException e) {
        MessagingException failure = failure(e);
        String what = failure instanceof AuthenticationFailedException ? "the relay does not take the login: " : "";
        return what + String.valueOf(failure.getMessage()).strip();
    }

    /** The innermost: Angus puts the refusal of a recipient into one of the message. */
    private static MessagingException failure(MessagingException e) {
        return e.getNextException() instanceof MessagingException inner ? failure(inner) : e;
    }
}
