package dev.postrider.relay.delivery;

import dev.postrider.relay.links.Links.Link;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** The part of a message that lists links in place of its attachments: as plain text and as HTML. */
final class LinkList {
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final String[] UNITS = {"bytes", "kB", "MB", "GB", "TB"};

    private LinkList() {}

    /** Header and body of the part, in ASCII. */
    static byte[] part(List<Link> links, String boundary) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        line(out, "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"");
        // So that no reader takes it for another attachment.
        line(out, "Content-Disposition: inline");
        line(out, "");
        text(out, boundary, "plain", plain(links));
        text(out, boundary, "html", html(links));
        line(out, "--" + boundary + "--");
        return out.toByteArray();
    }

    private static void text(OutputStream out, String boundary, String type, String text) throws IOException {
        line(out, "--" + boundary);
        line(out, "Content-Type: text/" + type + "; charset=utf-8");
        line(out, "Content-Transfer-Encoding: quoted-printable");
        line(out, "");
        try {
            OutputStream encoded = MimeUtility.encode(out, "quoted-printable");
            encoded.write(text.getBytes(StandardCharsets.UTF_8));
            encoded.flush();
        } catch (MessagingException e) {
            throw new IllegalStateException("every Java Mail knows quoted-printable", e);
        }
        line(out, "");
    }

    private static void line(OutputStream out, String text) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static String heading(List<Link> links) {
        return links.size() == 1
                ? "The attachment of this message is kept for download:"
                : "The " + links.size() + " attachments of this message are kept for download:";
    }

    private static String plain(List<Link> links) {
        StringBuilder text = new StringBuilder(heading(links)).append("\r\n");
        for (Link link : links) {
            text.append("\r\n")
                    .append(link.name())
                    .append(" (")
                    .append(size(link.size()))
                    .append("), until ")
                    .append(DAY.format(link.expires()))
                    .append("\r\n")
                    .append(link.url())
                    .append("\r\n");
        }
        return text.toString();
    }

    private static String html(List<Link> links) {
        StringBuilder text = new StringBuilder("<!DOCTYPE html>\r\n<html lang=\"en\"><body>\r\n<p>")
                .append(escaped(heading(links)))
                .append("</p>\r\n<ul>\r\n");
        for (Link link : links) {
            text.append("<li><a href=\"")
                    .append(escaped(link.url()))
                    .append("\"><bdi>")
                    .append(escaped(link.name()))
                    .append("</bdi></a> (")
                    .append(size(link.size()))
                    .append("), until ")
                    .append(DAY.format(link.expires()))
                    .append("</li>\r\n");
        }
        return text.append("</ul>\r\n</body></html>\r\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** As people say it, in powers of 1000. */
    private static String size(long octets) {
        double size = octets;
        int unit = 0;
        while (size >= 999.95 && unit < UNITS.length - 1) {
            size /= 1000;
            unit++;
        }
        return unit == 0
                ? octets + (octets == 1 ? " byte" : " bytes")
                : String.format(Locale.ROOT, "%.1f %s", size, UNITS[unit]);
    }
}
