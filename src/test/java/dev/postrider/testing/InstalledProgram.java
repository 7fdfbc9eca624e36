package dev.postrider.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A program of this machine that tests use as people do. It is asked what it can do, for one that is there may lack what
 * the test needs: swaks is installed without TLS unless somebody adds Net::SSLeay.
 */
public enum InstalledProgram {
    // @formatter:off
    DOVECOT("dovecot", "of version 2.3, whose configuration the tests write", "^2\\.3\\.", "--version"),
    GO("go", "1.26 or newer, or one that fetches it (GOTOOLCHAIN=auto)", "go1\\.(2[6-9]|[3-9]\\d)\\b|^auto",
            "env", "GOVERSION", "GOTOOLCHAIN"),
    GROFF("groff", "with the macros of manual pages", "\\d", "--version"),
    MAN("man", "that can format pages", "\\d", "--version"),
    MSMTP("msmtp", "with TLS", "TLS/SSL library: (?!none)", "--version"),
    MVN("mvn", "that runs", "Apache Maven", "--version"),
    NODE("node", "18 or newer", "^v(1[89]|[2-9]\\d)\\.", "--version"),
    OPENSSL("openssl", "with a responder for OCSP", "-index", "ocsp", "-help"),
    PHP("php", "that writes JSON", "^\\[1]", "-r", "echo json_encode([1]);"),
    POSTCONF("postconf", "that runs", "\\d", "-d", "mail_version"),
    PRE_COMMIT("pre-commit", "that runs", "\\d", "--version"),
    PYTHON("python3", "with TLS", "^TLS", "-c", "import json, smtplib, ssl; print('TLS')"),
    RUBY("ruby", "with the gem mail: install ruby-mail", "^mail",
            "-e", "require 'json'; require 'mail'; puts 'mail'"),
    SCRIPT("script", "of util-linux, which makes a terminal", "util-linux", "--version"),
    SWAKS("swaks", "with TLS: install libnet-ssleay-perl", "=== TLS supported", "--support");
    // @formatter:on

    /** What each said; programs do not change while tests run. */
    private static final Map<InstalledProgram, Optional<Path>> FOUND = new ConcurrentHashMap<>();

    private final String command;
    private final String needed;
    private final Pattern answer;
    @SuppressWarnings("ImmutableEnumChecker") // It is made by List.of.
    private final List<String> question;

    InstalledProgram(String command, String needed, String answer, String... question) {
        this.command = command;
        this.needed = needed;
        this.answer = Pattern.compile(answer, Pattern.MULTILINE);
        this.question = List.of(question);
    }

    /** Where it is on the PATH; empty where it is missing or cannot do what the tests need. */
    public Optional<Path> path() {
        return FOUND.computeIfAbsent(this, _ -> KubernetesBinaries.onPath(command).filter(this::canDoIt));
    }

    /** Whether it is on the PATH and can do what the tests need. */
    public boolean isUsable() {
        return path().isPresent();
    }

    /** Whether it is usable; where it is not, that the part is left out is noted. */
    public boolean isUsableFor(String part) {
        if (!isUsable()) {
            LeftOut.note(part, lack());
        }
        return isUsable();
    }

    /** Its name on the command line. */
    public String command() {
        return command;
    }

    /** What is missing, for whoever reads why a test was left out. */
    public String lack() {
        return KubernetesBinaries.onPath(command).isPresent()
                ? command + " is here, but not one " + needed
                : command + " is not installed";
    }

    /** Leaves the test out where this is not usable. */
    public Path require() {
        return path().orElseGet(() -> abort(lack()));
    }

    private boolean canDoIt(Path program) {
        var line = new ArrayList<>(List.of(program.toString()));
        line.addAll(question);
        try {
            CommandResult said = CommandResult.run(Path.of("."), Map.of(), "", line);
            return answer.matcher(said.out() + "\n" + said.err()).find();
        } catch (UncheckedIOException _) {
            // Not for this machine's processor, or without its interpreter.
            return false;
        }
    }
}
