package dev.postrider.message.change;

import dev.postrider.message.change.TransferEncoding.EncodedOctets;

/**
 * Makes quoted-printable (RFC 2045 section 6.7) of octets whose lines end with CR LF, in lines of 76 characters. A line
 * that goes on does not begin with a hyphen, so that it cannot look like a delimiter of parts.
 */
final class QuotedPrintable implements TransferEncoding.Encoder {
    /** With the equals sign at the end 76. */
    private static final int MOST_IN_LINE = 75;
    private static final byte[] DIGITS = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E',
            'F'};

    private final boolean again;
    private int column;
    private boolean goesOn;
    /** White space or the equals sign of an octet, which what follows decides about; 0 for none. */
    private byte held;
    private boolean carriageReturn;
    /** Digits of an octet that are still to come, which are not to be torn apart. */
    private int digits;

    /** @param again whether it is quoted-printable already, so that an equals sign means what it means there */
    QuotedPrintable(boolean again) {
        this.again = again;
    }

    @Override
    public void encode(byte[] octets, int count, EncodedOctets out) {
        for (int i = 0; i < count; i++) {
            encode(octets[i], out);
        }
    }

    private void encode(byte octet, EncodedOctets out) {
        if (carriageReturn) {
            carriageReturn = false;
            if (octet == '\n') {
                endLine(out);
                return;
            }
            release(out);
            escape((byte) '\r', out);
        }
        if (octet == '\r') {
            carriageReturn = true;
            return;
        }
        if (digits > 0) {
            // What follows an equals sign was counted with it.
            digits--;
            if (octet > ' ' && octet <= '~' && octet != '=') {
                write(octet, out);
                return;
            }
            digits = 0;
        }
        release(out);
        if (octet == ' ' || octet == '\t') {
            held = octet;
        } else if (octet == '=' && again) {
            room(3, out);
            write(octet, out);
            digits = 2;
        } else if (octet > ' ' && octet <= '~' && octet != '=') {
            literal(octet, out);
        } else {
            escape(octet, out);
        }
    }

    private void literal(byte octet, EncodedOctets out) {
        room(1, out);
        if (octet == '-' && column == 0 && goesOn) {
            escape(octet, out);
        } else {
            write(octet, out);
        }
    }

    private void escape(byte octet, EncodedOctets out) {
        room(3, out);
        write((byte) '=', out);
        write(DIGITS[(octet & 0xff) >> 4], out);
        write(DIGITS[octet & 0xf], out);
    }

    private void write(byte octet, EncodedOctets out) {
        out.write(octet);
        column++;
    }

    private void room(int wanted, EncodedOctets out) {
        if (column + wanted > MOST_IN_LINE) {
            out.write('=');
            newLine(out);
            goesOn = true;
        }
    }

    private void newLine(EncodedOctets out) {
        out.write('\r');
        out.write('\n');
        column = 0;
        goesOn = false;
    }

    private void release(EncodedOctets out) {
        if (held != 0) {
            byte white = held;
            held = 0;
            literal(white, out);
        }
    }

    private void endLine(EncodedOctets out) {
        digits = 0;
        releaseAtEnd(out);
        newLine(out);
    }

    /** White space at the end of an encoded line is not content (RFC 2045 section 6.7, rule 3). */
    private void releaseAtEnd(EncodedOctets out) {
        if (held != 0 && again) {
            write(held, out);
        } else if (held != 0) {
            escape(held, out);
        }
        held = 0;
    }

    @Override
    public void end(EncodedOctets out) {
        releaseAtEnd(out);
        if (carriageReturn) {
            escape((byte) '\r', out);
        }
    }
}
