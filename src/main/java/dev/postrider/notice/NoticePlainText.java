package dev.postrider.notice;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A notice for programs that show plain text. */
final class NoticePlainText {
    private NoticePlainText() {}

    static String of(NoticeWording wording) {
        List<String> blocks = new ArrayList<>();
        wording.testNote().ifPresent(note -> blocks.add("*** " + note + " ***"));
        blocks.addAll(wording.paragraphs());
        if (!wording.facts().isEmpty()) {
            blocks.add(wording.facts().stream().map(NoticeWording.Fact::line).collect(Collectors.joining("\n")));
        }
        // What stands below this line is shown as a signature (RFC 3676 section 4.3).
        return String.join("\n\n", blocks) + "\n\n-- \n" + String.join("\n", wording.notes()) + "\n";
    }
}
