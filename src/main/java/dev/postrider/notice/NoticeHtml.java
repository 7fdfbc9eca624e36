package dev.postrider.notice;

import java.util.List;
import java.util.stream.Collectors;

/** A notice for programs that show HTML: styles stand at the elements, since many programs drop all others. */
final class NoticeHtml {
    private NoticeHtml() {}

    static String of(NoticeWording wording) {
        String heading = "<h1" + direction(wording.own().heading())
                + " style=\"margin: 0 0 20px; font-size: 22px; line-height: 1.35\">" + escaped(wording.heading())
                + "</h1>\n";
        return page(wording.language(), wording.rightToLeft(), wording.subject(), colour(wording.stage()),
                wording.testNote().map(NoticeHtml::testNote).orElse("") + heading + wording.paragraphs()
                        .stream()
                        .map(text -> "<p" + direction(wording.own().paragraphs()) + " style=\"margin: 0 0 14px\">"
                                + escaped(text).replace("\n", "<br>\n") + "</p>\n")
                        .collect(Collectors.joining()) + facts(wording),
                wording.notes());
    }

    /**
     * A whole page.
     *
     * @param colour of its edge
     * @param inner  what it shows, as HTML
     * @param notes  what stands in small letters below that
     */
    static String page(String language, boolean rightToLeft, String title, String colour, String inner,
            List<String> notes) {
        return """
                <!DOCTYPE html>
                <html lang="%1$s" dir="%2$s">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%3$s</title>
                </head>
                <body style="margin: 0; padding: 0; background: #eef1f5">
                <div lang="%1$s" dir="%2$s" style="padding: 24px 12px; background: #eef1f5; color: #1f2933; \
                font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif">
                <div style="max-width: 560px; margin: 0 auto; padding: 28px 32px; background: #ffffff; \
                border-top: 4px solid %4$s; border-radius: 6px">
                %5$s<div style="margin-top: 28px; padding-top: 14px; border-top: 1px solid #dde3ea; \
                color: #5b6875; font-size: 13px">
                %6$s</div>
                </div>
                </div>
                </body>
                </html>
                """.formatted(language, rightToLeft ? "rtl" : "ltr", escaped(title), colour, inner,
                notes.stream()
                        .map(note -> "<p style=\"margin: 0 0 6px\">" + escaped(note) + "</p>\n")
                        .collect(Collectors.joining()));
    }

    /** Whoever wrote it knows the language; its letters tell the direction. */
    private static String direction(boolean own) {
        return own ? " dir=\"auto\"" : "";
    }

    private static String colour(Stage stage) {
        return switch (stage) {
            case SOON -> "#c77700";
            case TODAY, EXPIRED -> "#b42318";
        };
    }

    private static String testNote(String note) {
        return "<p style=\"margin: 0 0 20px; padding: 10px 14px; background: #e6effc; border-radius: 4px\">%s</p>\n"
                .formatted(escaped(note));
    }

    private static String facts(NoticeWording wording) {
        if (wording.facts().isEmpty()) {
            return "";
        }
        return wording.facts()
                .stream()
                .map(NoticeHtml::row)
                .collect(Collectors.joining("",
                        "<table style=\"margin-top: 20px; border-collapse: collapse; font-size: 15px\">\n",
                        "</table>\n"));
    }

    private static String row(NoticeWording.Fact fact) {
        String value = escaped(fact.value());
        String shown = fact.link()
                .map(link -> "<a href=\"%s\" style=\"color: #1558b0\">%s</a>".formatted(escaped(link), value))
                .orElse(value);
        return """
                <tr><th scope="row" style="padding: 3px 0; text-align: start; font-weight: normal; color: #5b6875; \
                vertical-align: top; white-space: nowrap">%s</th>\
                <td style="padding: 3px 0; padding-inline-start: 20px">%s</td></tr>
                """.formatted(escaped(fact.label()), shown);
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
