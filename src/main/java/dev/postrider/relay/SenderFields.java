package dev.postrider.relay;

import dev.postrider.message.header.AddressField;
import dev.postrider.message.header.FieldGrammar;
import dev.postrider.message.header.HeaderFilter;
import dev.postrider.message.header.MailboxList;
import dev.postrider.message.header.SingleMailbox;
import dev.postrider.relay.smtp.IncomingMessage.RefusedException;
import dev.postrider.relay.smtp.SubmissionPolicy.Refusal;
import dev.postrider.route.Address;
import dev.postrider.route.CanonicalAddress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Holds a message's header against what its organization may send as: the fields From, Sender, Resent-From and
 * Resent-Sender pass, are refused with a {@link RefusedException}, or are written anew: with the organization's address,
 * or with their own where that is allowed and the field breaks the grammar. A message that is sent as the
 * organization itself gets its Reply-To, if it has none. All else passes unchanged, but a header that an empty line
 * should end has one then. A field is held until it has ended, at most
 * {@value #MOST_OF_FIELD} octets of it.
 */
final class SenderFields extends HeaderFilter {
    private static final int MOST_OF_FIELD = 16_384;
    private static final int MOST_RESENT = 20;

    private enum Field {
        FROM("From"), SENDER("Sender"), RESENT_FROM("Resent-From"), RESENT_SENDER("Resent-Sender");

        private static final Map<String, Field> BY_NAME = Arrays.stream(values())
                .collect(Collectors.toUnmodifiableMap(field -> field.title.toLowerCase(Locale.ROOT), field -> field));

        private final String title;

        Field(String title) {
            this.title = title;
        }

        /** A message has one such field at most; those of a resending come with each (RFC 5322 section 3.6). */
        boolean isSingle() {
            return this == FROM || this == SENDER;
        }
    }

    private final SenderIdentity identity;
    private final Set<Field> seen = EnumSet.noneOf(Field.class);
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();
    private Optional<Field> field = Optional.empty();
    private int bodyStart;
    private int resent;
    private boolean tooLong;
    private boolean dropping;
    private boolean international;
    private boolean fromOrganization;
    private boolean namesNobodyToAnswer;

    /** @param wantsAnswers whether a Reply-To may be added, and nobody else does that */
    SenderFields(OutputStream out, SenderIdentity identity, boolean wantsAnswers) {
        super(out);
        this.identity = identity;
        this.namesNobodyToAnswer = wantsAnswers;
    }

    /** Whether a field that was put in needs SMTPUTF8. */
    boolean isInternational() {
        return international
                || replyTo().filter(to -> AddressField.isInternational(to.address())).isPresent();
    }

    @Override
    protected void field(String name, byte[] start, int count) throws IOException {
        endField();
        namesNobodyToAnswer &= !settlesWhomToAnswer(name);
        field = Optional.ofNullable(Field.BY_NAME.get(name));
        Optional<Field> disguised = disguised(name);
        if (disguised.isPresent()) {
            refuseUnlessRewriting("the name of field " + disguised.get().title + " is followed by more");
            dropping = true;
        } else if (field.isPresent()) {
            // Python takes a name with blanks before its colon for the end of the header.
            held.write(start, 0, name.length());
            held.write(':');
            bodyStart = held.size();
        } else {
            out.write(start, 0, count);
        }
    }

    private static Optional<Field> disguised(String name) {
        String shown = FieldGrammar.beforeBlank(name);
        return shown.length() == name.length() ? Optional.empty() : Optional.ofNullable(Field.BY_NAME.get(shown));
    }

    /** Who resends a message leaves its fields alone (RFC 5322 section 3.6.6), and a signature may want no more of them. */
    private static boolean settlesWhomToAnswer(String name) {
        return name.equals("reply-to") || name.startsWith("resent-") || name.equals("dkim-signature");
    }

    @Override
    protected void body(byte[] octets, int offset, int count) throws IOException {
        if (field.isPresent()) {
            int some = Math.min(count, MOST_OF_FIELD - held.size());
            held.write(octets, offset, some);
            tooLong |= some < count;
        } else if (!dropping) {
            out.write(octets, offset, count);
        }
    }

    private void endField() throws IOException {
        dropping = false;
        if (field.isPresent()) {
            Field ended = field.get();
            field = Optional.empty();
            end(ended, seen.add(ended) || !ended.isSingle());
            held.reset();
            tooLong = false;
        }
    }

    private void end(Field ended, boolean isWanted) throws IOException {
        if (!isWanted) {
            refuseUnlessRewriting("the message has several " + ended.title + " fields");
            return;
        }
        if (!ended.isSingle() && ++resent > MOST_RESENT) {
            // Each may be written anew, as a longer one.
            throw new RefusedException(new Refusal(550, "5.6.0", "the message has more than " + MOST_RESENT
                    + " Resent-From and Resent-Sender fields"));
        }
        byte[] octets = held.toByteArray();
        byte[] body = Arrays.copyOfRange(octets, bodyStart, octets.length);
        Optional<List<CanonicalAddress>> written = tooLong ? Optional.empty() : MailboxList.parse(body);
        Optional<Address> single = tooLong || written.isPresent() ? Optional.empty() : SingleMailbox.parse(body);
        Optional<List<CanonicalAddress>> addresses = written
                .or(() -> single.map(mailbox -> List.of(CanonicalAddress.of(mailbox.address()))));
        if (addresses.filter(identity::allows).isPresent()) {
            fromOrganization |= ended == Field.FROM && addresses.get().stream().allMatch(identity::isFrom);
            if (single.isPresent()) {
                writeAnew(ended, single.get());
            } else {
                boolean asAllowed = addresses.get()
                        .stream()
                        .allMatch(address -> identity.spelling(address).equals(address));
                out.write(octets, 0, bodyStart);
                out.write(asAllowed ? body : MailboxList.spelled(body, identity::spelling));
            }
        } else if (identity.rewrites()) {
            put(ended);
        } else {
            throw new RefusedException(addresses.map(found -> identity.refusal(ended.title, found))
                    .orElseGet(() -> identity.refusal(
                            "field " + ended.title + " cannot be read, write it as Name <address> (RFC 5322)")));
        }
    }

    private void writeAnew(Field name, Address mailbox) throws IOException {
        String spelled = CanonicalAddress.spelled(mailbox.address(),
                identity.spelling(CanonicalAddress.of(mailbox.address())));
        international |= AddressField.isInternational(spelled);
        out.write(AddressField.write(name.title, new Address(spelled, mailbox.name())));
    }

    @Override
    protected void endOfHeader(boolean separated) throws IOException {
        endField();
        if (!seen.contains(Field.FROM)) {
            refuseUnlessRewriting("the message has no From field");
            put(Field.FROM);
        }
        Optional<Address> added = replyTo();
        if (added.isPresent()) {
            out.write(AddressField.write("Reply-To", added.get()));
        }
        if (!separated) {
            // Some programs read on, and a line with nothing but From as such a field.
            out.write('\r');
            out.write('\n');
        }
    }

    private void refuseUnlessRewriting(String problem) throws RefusedException {
        if (!identity.rewrites()) {
            throw new RefusedException(identity.refusal(problem));
        }
    }

    /** What is put in, once the header has ended. */
    private Optional<Address> replyTo() {
        return identity.replyTo().filter(_ -> fromOrganization && namesNobodyToAnswer);
    }

    private void put(Field name) throws IOException {
        international |= AddressField.isInternational(identity.from().address());
        fromOrganization |= name == Field.FROM;
        out.write(identity.field(name.title));
    }
}
