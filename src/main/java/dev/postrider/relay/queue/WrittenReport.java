package dev.postrider.relay.queue;

import dev.postrider.route.ResourceKey;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A report to a sender, as it is written into the queue. */
record WrittenReport(String id, NewMessage message, long size, List<byte[]> parts) {
    static WrittenReport of(String id, Settlement.Report report) throws QueueException {
        List<byte[]> parts = new ArrayList<>();
        try (InputStream content = report.content().open()) {
            for (byte[] part = content.readNBytes(SqlDraft.PART); part.length > 0; part = content
                    .readNBytes(SqlDraft.PART)) {
                parts.add(part);
            }
        } catch (IOException e) {
            throw new QueueException("a report could not be read", e);
        }
        NewMessage message = NewMessage.plain("", List.of(report.recipient()), report.eightBit(),
                report.smtpUtf8(), report.received()).with(report.credentials().apply(id));
        return new WrittenReport(id, message, report.content().size(), parts);
    }

    Held held() {
        return Held.queued(1, size, 1);
    }

    void insert(SqlWrites writes, ResourceKey organization) throws SQLException {
        for (int i = 0; i < parts.size(); i++) {
            writes.insertPart(organization, id, i, parts.get(i));
        }
        writes.insertMessage(organization, id, message, size, Optional.empty(), Optional.empty());
    }
}
