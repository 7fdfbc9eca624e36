package dev.postrider.notice;

import dev.postrider.route.Sha256;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import net.fortuna.ical4j.data.CalendarOutputter;
import net.fortuna.ical4j.model.Calendar;
import net.fortuna.ical4j.model.component.VAlarm;
import net.fortuna.ical4j.model.component.VEvent;
import net.fortuna.ical4j.model.property.Description;
import net.fortuna.ical4j.model.property.DtEnd;
import net.fortuna.ical4j.model.property.DtStamp;
import net.fortuna.ical4j.model.property.DtStart;
import net.fortuna.ical4j.model.property.Organizer;
import net.fortuna.ical4j.model.property.ProdId;
import net.fortuna.ical4j.model.property.Summary;
import net.fortuna.ical4j.model.property.Uid;
import net.fortuna.ical4j.model.property.immutable.ImmutableAction;
import net.fortuna.ical4j.model.property.immutable.ImmutableMethod;
import net.fortuna.ical4j.model.property.immutable.ImmutableTransp;
import net.fortuna.ical4j.model.property.immutable.ImmutableVersion;

/** The expiry day as an event that takes the whole day and makes nobody busy (RFC 5545). */
final class NoticeCalendar {
    /** At nine in the morning of the day before, wherever the reader is: there is still a day to renew. */
    private static final Duration REMINDER = Duration.ofHours(-15);

    private static final int LONGEST_LINE = 75;

    private NoticeCalendar() {}

    /** Nobody needs an event of the past. */
    static boolean isAttached(NoticeContent content) {
        return content.calendar() && content.daysLeft() >= 1;
    }

    /** An iCalendar object in UTF-8. */
    static byte[] of(NoticeContent content, NoticeEnvelope envelope, NoticeWording wording) {
        String summary = wording.event().summary();
        VAlarm reminder = new VAlarm(REMINDER);
        reminder.add(ImmutableAction.DISPLAY);
        reminder.add(new Description(summary));

        VEvent event = new VEvent(false);
        event.add(new Uid(uid(content)));
        event.add(new DtStamp(envelope.date()));
        event.add(new DtStart<>(content.expiryDate()));
        event.add(new DtEnd<>(content.expiryDate().plusDays(1)));
        event.add(new Summary(summary));
        event.add(new Description(wording.event().description()));
        event.add(new Organizer(mailto(envelope.from().address())));
        event.add(ImmutableTransp.TRANSPARENT);
        event.add(reminder);

        Calendar calendar = new Calendar();
        calendar.add(new ProdId("-//postrider.dev//Postrider//EN"));
        calendar.add(ImmutableVersion.VERSION_2_0);
        calendar.add(ImmutableMethod.PUBLISH);
        calendar.add(event);
        StringWriter text = new StringWriter();
        try {
            new CalendarOutputter().output(calendar, text);
        } catch (IOException e) {
            throw new IllegalStateException("a calendar event could not be written", e);
        }
        return folded(text.toString().replace("\r\n ", "")).getBytes(StandardCharsets.UTF_8);
    }

    /** Lines of at most 75 octets (RFC 5545 section 3.1). ical4j counts chars, and so would tear characters apart. */
    private static String folded(String unfolded) {
        StringBuilder lines = new StringBuilder();
        int octets = 0;
        for (int character : unfolded.codePoints().toArray()) {
            int more = Character.toString(character).getBytes(StandardCharsets.UTF_8).length;
            if (character == '\r' || character == '\n') {
                octets = 0;
            } else if (octets + more > LONGEST_LINE) {
                lines.append("\r\n ");
                octets = 1 + more;
            } else {
                octets += more;
            }
            lines.appendCodePoint(character);
        }
        return lines.toString();
    }

    /** The same for the same license and day, so that a second mail changes the event and adds none. */
    private static String uid(NoticeContent content) {
        return Sha256.of(content.organization() + "\n" + content.license() + "\n" + content.expiryDate())
                .substring(0, 32) + "@postrider.dev";
    }

    private static URI mailto(String address) {
        try {
            return URI.create(new URI("mailto", address, null).toASCIIString());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("\"" + address + "\" is no mail address", e);
        }
    }
}
