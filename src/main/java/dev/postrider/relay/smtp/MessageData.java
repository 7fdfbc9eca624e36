package dev.postrider.relay.smtp;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Reads what follows DATA (RFC 5321 section 4.5.2): undoes the dot stuffing and finds the end, which is CR LF dot
 * CR LF and nothing else. A message that breaks a rule is read to its end all the same, so that none of it is ever
 * taken for a command.
 */
final class MessageData {
    /** How much of a message that is refused anyway is read before the connection is given up. */
    private static final long MOST_DISCARDED = 256L * 1024 * 1024;

    /** Why a message is refused. */
    enum Problem {
        BARE_LINE_END, NUL, LINE_TOO_LONG, TOO_BIG
    }

    /**
     * What was read.
     *
     * @param eightBit whether it holds octets above 127
     * @param problem  why it must be refused
     * @param failure  why it could not be stored
     * @param complete whether its end was seen; otherwise the connection is useless
     */
    record Result(boolean eightBit, Optional<Problem> problem, Optional<IOException> failure, boolean complete) {}

    private enum State {
        LINE_START, DOT, DOT_CR, TEXT, CR
    }

    private final SmtpInput in;
    private final OutputStream out;
    private final long mostOctets;
    private final int mostInLine;
    private final byte[] buffer = new byte[8192];
    private int buffered;
    private long size;
    private int inLine;
    private long discarded;
    private boolean eightBit;
    private State state = State.LINE_START;
    private Optional<Problem> problem = Optional.empty();
    private Optional<IOException> failure = Optional.empty();

    /**
     * @param mostOctets of the message
     * @param mostInLine octets of a line without CR LF
     */
    MessageData(SmtpInput in, OutputStream out, long mostOctets, int mostInLine) {
        this.in = in;
        this.out = out;
        this.mostOctets = mostOctets;
        this.mostInLine = mostInLine;
    }

    /** @throws IOException if the client is lost */
    Result read() throws IOException {
        while (discarded < MOST_DISCARDED) {
            if (state == State.TEXT || state == State.LINE_START) {
                textAtOnce();
            }
            int octet = in.read();
            if (octet < 0) {
                return result(false);
            }
            switch (state) {
                case LINE_START -> {
                    if (octet == '.') {
                        state = State.DOT;
                    } else {
                        text(octet);
                    }
                }
                case DOT -> {
                    if (octet == '\r') {
                        state = State.DOT_CR;
                    } else {
                        text(octet);
                    }
                }
                case DOT_CR -> {
                    if (octet == '\n') {
                        return result(true);
                    }
                    refuse(Problem.BARE_LINE_END);
                    text(octet);
                }
                case CR -> {
                    if (octet == '\n') {
                        emit('\r');
                        emit('\n');
                        inLine = 0;
                        state = State.LINE_START;
                    } else {
                        refuse(Problem.BARE_LINE_END);
                        text(octet);
                    }
                }
                case TEXT -> text(octet);
            }
        }
        return result(false);
    }

    /** What most of a message is, as far as it has come: lines that nothing is wrong with, and no dots to undo. */
    private void textAtOnce() {
        boolean refused = problem.isPresent() || failure.isPresent();
        byte[] octets = in.octets();
        int start = in.position();
        int end = refused
                ? in.limit()
                : start + (int) Math.min(in.limit() - start, Math.min(buffer.length - buffered, mostOctets - size));
        int length = inLine;
        boolean lineStart = state == State.LINE_START;
        int next = start;
        while (next < end) {
            byte octet = octets[next];
            if (octet == '\r' && next + 1 < end && octets[next + 1] == '\n') {
                next += 2;
                length = 0;
                lineStart = true;
            } else if (octet == '\r' || octet == '\n' || octet == 0 || length == mostInLine
                    || (lineStart && octet == '.')) {
                break;
            } else {
                eightBit |= octet < 0;
                int from = next++;
                // The loop that most of the time goes into: one comparison for an octet.
                for (int last = Math.min(end, from + mostInLine - length); next < last && octets[next] > '\r';) {
                    next++;
                }
                length += next - from;
                lineStart = false;
            }
        }
        int count = next - start;
        in.skip(count);
        inLine = length;
        state = lineStart ? State.LINE_START : State.TEXT;
        if (refused) {
            discarded += count;
            return;
        }
        System.arraycopy(octets, start, buffer, buffered, count);
        buffered += count;
        size += count;
        if (buffered == buffer.length) {
            store();
        }
    }

    private void text(int octet) {
        if (octet == '\r') {
            state = State.CR;
            return;
        }
        state = State.TEXT;
        if (octet == '\n') {
            refuse(Problem.BARE_LINE_END);
        } else if (octet == 0) {
            refuse(Problem.NUL);
        } else if (++inLine > mostInLine) {
            refuse(Problem.LINE_TOO_LONG);
        }
        eightBit |= octet > 127;
        emit(octet);
    }

    private void refuse(Problem why) {
        if (problem.isEmpty()) {
            problem = Optional.of(why);
        }
    }

    private void emit(int octet) {
        if (++size > mostOctets) {
            refuse(Problem.TOO_BIG);
        }
        if (problem.isPresent() || failure.isPresent()) {
            discarded++;
            return;
        }
        buffer[buffered++] = (byte) octet;
        if (buffered == buffer.length) {
            store();
        }
    }

    private void store() {
        try {
            out.write(buffer, 0, buffered);
        } catch (IOException e) {
            failure = Optional.of(e);
        }
        buffered = 0;
    }

    private Result result(boolean complete) {
        if (complete && problem.isEmpty() && failure.isEmpty()) {
            store();
        }
        return new Result(eightBit, problem, failure, complete);
    }
}
