package dev.postrider.message.change;

import dev.postrider.message.FirstOctets;
import dev.postrider.message.LargeWork;
import dev.postrider.message.MessageContent;
import dev.postrider.message.change.PatchedMessage.Change;
import dev.postrider.message.change.PatchedMessage.Recoded;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Chooses the shorter encoding of each body, in the order in which they stand, and says so in its header. */
final class EncodedBodies {
    /**
     * A body that is to be encoded.
     *
     * @param header    empty where nobody reads it
     * @param encodings among which may be chosen, at least one
     */
    record Body(Optional<PartHeader> header, long from, long to, boolean eightBit, List<TransferEncoding> encodings) {}

    private EncodedBodies() {}

    static List<Change> changes(MessageContent message, List<Body> bodies) throws IOException {
        List<Change> changes = new ArrayList<>();
        if (bodies.isEmpty()) {
            return changes;
        }
        try (InputStream in = message.open()) {
            long at = 0;
            for (Body body : bodies) {
                in.skipNBytes(body.from - at);
                at = body.to;
                add(body, in, changes);
                LargeWork.letOthersOn();
            }
        }
        return changes;
    }

    private static void add(Body body, InputStream in, List<Change> changes) throws IOException {
        long octets = body.to - body.from;
        Utf8Check text = new Utf8Check(new FirstOctets(in, octets));
        TransferEncoding chosen = body.encodings.getFirst();
        long size;
        if (chosen == TransferEncoding.BASE64) {
            in.skipNBytes(octets);
            size = TransferEncoding.ofBase64(octets);
        } else {
            size = chosen.sizeOf(text);
        }
        if (body.encodings.size() > 1 && TransferEncoding.ofBase64(octets) < size) {
            chosen = TransferEncoding.BASE64;
            size = TransferEncoding.ofBase64(octets);
        }
        if (body.header.isPresent() && (chosen.isNew() || body.header.get().needsLabel())) {
            Optional<String> charset = body.eightBit && body.header.get().wantsCharset()
                    // RFC 1428 section 3.
                    ? Optional.of(text.isUtf8() ? "utf-8" : "unknown-8bit")
                    : Optional.empty();
            changes.addAll(body.header.get().labelled(chosen.text(), charset));
        }
        changes.add(new Recoded(body.from, body.to, size, chosen));
    }
}
