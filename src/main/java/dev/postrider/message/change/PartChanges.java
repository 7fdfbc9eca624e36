package dev.postrider.message.change;

import dev.postrider.message.MessageContent;
import dev.postrider.message.change.PatchedMessage.Patch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** What of a message is to be left out and put in. */
final class PartChanges {
    private static final String NEW_LINE = "\r\n";

    private final Part top;
    private final Set<Part> removed;
    private final List<Patch> patches = new ArrayList<>();

    /**
     * @param top     the message itself
     * @param removed parts, by their identity
     */
    PartChanges(Part top, Set<Part> removed) {
        this.top = top;
        this.removed = removed;
    }

    /** Whether nothing of it is left. */
    boolean isEmptied(Part node) {
        return node.isOpened()
                ? !node.parts.isEmpty() && node.parts.stream().allMatch(this::isEmptied)
                : removed.contains(node);
    }

    /** Leaves out what is to be removed, but not all of it. */
    void removeWithin(Part node) {
        for (int i = 0; i < node.parts.size(); i++) {
            Part part = node.parts.get(i);
            if (isEmptied(part)) {
                put(part.delimiter, i + 1 < node.parts.size() ? node.parts.get(i + 1).delimiter : node.close, "");
            } else {
                removeWithin(part);
            }
        }
    }

    /** At the end of the whole message, which is of several parts. */
    void addPart(String part) {
        String delimiter = "--" + top.boundary.orElseThrow();
        String text = delimiter + NEW_LINE + part + NEW_LINE;
        put(top.close, top.close, top.closed ? text : NEW_LINE + text + delimiter + "--" + NEW_LINE);
    }

    /** Leaves out what the message says of its own content. */
    void dropContentFields() {
        top.content.forEach(field -> put(field.from(), field.to(), ""));
    }

    void put(long from, long to, String text) {
        patches.add(new Patch(from, to, text));
    }

    /** The message with these changes. */
    MessageContent of(MessageContent message) {
        patches.sort(Comparator.comparingLong(Patch::from));
        return new PatchedMessage(message, List.copyOf(patches));
    }
}
