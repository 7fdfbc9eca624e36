package dev.postrider.cli;

import dev.postrider.cli.cluster.StatusTable;
import dev.postrider.cli.terminal.Terminal;
import dev.postrider.local.Check;
import dev.postrider.local.Finding;
import dev.postrider.local.LocalMode;
import dev.postrider.local.Snapshot;
import dev.postrider.relay.sink.ReceivedMail;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Prints findings as they change and, if wanted, the statuses: each as it comes, or all when they have been still for a
 * moment.
 */
final class LocalView implements LocalMode.Observer, AutoCloseable {
    private static final int STILL_MILLIS = 300;

    private final Terminal terminal;
    private final Optional<StatusLines> lines;
    private boolean follow;
    private final ScheduledExecutorService timer = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("view").factory());
    private List<Finding> findings = List.of();
    private boolean errors;
    private String printed = "";
    private @Nullable ScheduledFuture<?> pending;

    /** @param follow whether to print statuses and mails from the start */
    LocalView(Terminal terminal, boolean follow) {
        this(terminal, follow, Optional.empty());
    }

    private LocalView(Terminal terminal, boolean follow, Optional<StatusLines> lines) {
        this.terminal = terminal;
        this.follow = follow;
        this.lines = lines;
    }

    /** Prints a line for each status as it comes. */
    static LocalView ofEachStatus(Terminal terminal) {
        return new LocalView(terminal, false, Optional.of(new StatusLines(terminal)));
    }

    @Override
    public synchronized void checked(Check.Report report) {
        errors = report.errors() > 0;
        if (!report.findings().equals(findings)) {
            findings = report.findings();
            findings.forEach(finding -> terminal.print(finding.severity() == Finding.Severity.ERROR
                    ? terminal.bad(finding.toString())
                    : finding.toString()));
            terminal.print(findings.isEmpty() ? "No problems any more." : "");
        }
    }

    /** From now on prints statuses and mails. */
    synchronized void follow() {
        follow = true;
    }

    /** A mail came in at a sink. */
    synchronized void arrived(int port, ReceivedMail mail) {
        if (follow) {
            terminal.print("port " + port + ": " + MailText.describe(mail, terminal));
        }
    }

    synchronized boolean hasErrors() {
        return errors;
    }

    @Override
    public synchronized void changed(Snapshot snapshot) {
        lines.ifPresent(some -> some.news(snapshot).forEach(terminal::print));
        if (!follow) {
            return;
        }
        if (pending != null) {
            pending.cancel(false);
        }
        pending = timer.schedule(() -> print(StatusTable.wide(snapshot, terminal)), STILL_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    private synchronized void print(String table) {
        if (!table.equals(printed)) {
            printed = table;
            terminal.print(table);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
