package dev.postrider.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** ZIP archives (APPNOTE.TXT of PKWARE) that are made to keep a scanner busy, or in the dark. */
public final class HostileArchive {
    private static final int MIB = 1 << 20;
    private static final int ENCRYPTED = 1;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private HostileArchive() {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Data(byte[] octets, int method, long size, int crc) {
        static Data stored(byte[] content) {
            var crc = new CRC32();
            crc.update(content);
            return new Data(content, STORED, content.length, (int) crc.getValue());
        }

        static Data deflated(byte[] content) {
            try (var deflater = new Deflater(Deflater.BEST_COMPRESSION, true)) {
                byte[] octets = new byte[content.length + content.length / 1000 + 64];
                deflater.setInput(content);
                deflater.finish();
                octets = Arrays.copyOf(octets, deflater.deflate(octets));
                return new Data(octets, DEFLATED, content.length, stored(content).crc());
            }
        }

        /** Deflated; the checksum of what it becomes is not told. */
        static Data zeros(int mib) {
            // A block that is flushed to the full may be repeated.
            var out = new ByteArrayOutputStream();
            try (var deflater = new Deflater(Deflater.BEST_COMPRESSION, true)) {
                byte[] block = new byte[2 * 1024];
                byte[] second = {};
                for (int i = 0; i < 2; i++) {
                    deflater.setInput(new byte[MIB]);
                    int count = deflater.deflate(block, 0, block.length, Deflater.FULL_FLUSH);
                    second = Arrays.copyOf(block, count);
                }
                for (int i = 0; i < mib; i++) {
                    out.writeBytes(second);
                }
            }
            out.writeBytes(new byte[]{3, 0});
            return new Data(out.toByteArray(), DEFLATED, (long) mib * MIB, 0);
        }
    }

    /** So many MiB of zeros; 10 GiB take 10 MiB. */
    public static byte[] zeros(int mib) {
        return archive(Data.zeros(mib), 0, 1, 1);
    }

    /** So many entries that are the same zeros. */
    public static byte[] overlapping(int mib, int entries) {
        return archive(Data.zeros(mib), 0, 1, entries);
    }

    /** Another archive as the only entry. */
    public static byte[] around(byte[] archive) {
        return archive(Data.deflated(archive), 0, 1, 1);
    }

    /** Archives in archives, and some text in the innermost. */
    public static byte[] nested(int levels, String text) {
        byte[] archive = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < levels; i++) {
            archive = around(archive);
        }
        return archive;
    }

    /** Entries without content. */
    public static byte[] empty(int entries) {
        return archive(Data.stored(new byte[0]), 0, entries, 1);
    }

    /** What nobody can look at without a password. */
    public static byte[] encrypted() {
        return archive(Data.stored("not for a scanner".getBytes(StandardCharsets.US_ASCII)), ENCRYPTED, 1, 1);
    }

    private static byte[] archive(Data data, int flags, int copies, int entriesOfEach) {
        var local = new ByteArrayOutputStream();
        var directory = new ByteArrayOutputStream();
        for (int copy = 0; copy < copies; copy++) {
            byte[] name = ("a" + copy + ".zip").getBytes(StandardCharsets.US_ASCII);
            int offset = local.size();
            local.writeBytes(octets(30).putInt(0x04034b50).putShort((short) 20).put(entry(data, flags, name)).array());
            local.writeBytes(name);
            local.writeBytes(data.octets());
            byte[] central = octets(46).putInt(0x02014b50)
                    .putShort((short) 20)
                    .putShort((short) 20)
                    .put(entry(data, flags, name))
                    .putShort((short) 0)
                    .putShort((short) 0)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(offset)
                    .array();
            for (int i = 0; i < entriesOfEach; i++) {
                directory.writeBytes(central);
                directory.writeBytes(name);
            }
        }
        int entries = copies * entriesOfEach;
        int start = local.size();
        local.writeBytes(directory.toByteArray());
        local.writeBytes(octets(22).putInt(0x06054b50)
                .putInt(0)
                .putShort((short) entries)
                .putShort((short) entries)
                .putInt(directory.size())
                .putInt(start)
                .putShort((short) 0)
                .array());
        return local.toByteArray();
    }

    /** What both kinds of headers say of a file. */
    private static byte[] entry(Data data, int flags, byte[] name) {
        return octets(24).putShort((short) flags)
                .putShort((short) data.method())
                .putInt(0)
                .putInt(data.crc())
                .putInt(data.octets().length)
                .putInt((int) Math.min(data.size(), 0xFFFFFFFEL))
                .putShort((short) name.length)
                .putShort((short) 0)
                .array();
    }

    private static ByteBuffer octets(int count) {
        return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    }
}
