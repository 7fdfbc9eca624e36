package dev.postrider.operator.kit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.postrider.plan.Binding;
import dev.postrider.route.RouteSecret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a Secret as the caches keep them: compressed (RFC 1951), and unpacked for each look at them. Routes and
 * bindings come in tens of thousands, and are alike but for a few names and a password; so what they have in common
 * stands once, in a preset dictionary that the first of them make.
 */
final class PackedEntries extends AbstractMap<String, String> {
    /** Entries that tell Secrets of Postrider's own, one for each kind of these that comes in thousands. */
    private static final Set<String> ALIKE = Set.of(RouteSecret.DATA_KEY, Binding.URI);

    /** Octets of a dictionary at most; a window of the format is twice as long. */
    private static final int MOST_LEARNT = 16 << 10;

    /** Octets that are not worth packing. */
    private static final int SHORT = 64;

    private static final byte[] NONE = {};
    private static final Map<String, byte[]> DICTIONARIES = new ConcurrentHashMap<>();
    /** It has 256 KiB of its own, so there is one. */
    private static final Deflater DEFLATER = new Deflater(Deflater.DEFAULT_COMPRESSION, true);

    private final byte[] packed;
    private final byte[] dictionary;
    /** Of what was packed, in octets; -1 if it is kept as it is. */
    private final int length;

    private PackedEntries(byte[] packed, byte[] dictionary, int length) {
        this.packed = packed;
        this.dictionary = dictionary;
        this.length = length;
    }

    /** Packs entries whose values are in base64, as the API server has them. */
    static PackedEntries of(Map<String, String> entries) {
        byte[] plain = plain(entries);
        Optional<String> alike = ALIKE.stream().filter(entries::containsKey).findFirst();
        byte[] dictionary = alike.map(key -> DICTIONARIES.getOrDefault(key, NONE)).orElse(NONE);
        byte[] packed = plain.length < SHORT ? plain : deflate(plain, dictionary);
        if (packed.length > plain.length / 2) {
            // Others will be like this one, and unlike those before.
            alike.ifPresent(key -> DICTIONARIES.merge(key, plain, PackedEntries::learnt));
        }
        return packed.length < plain.length
                ? new PackedEntries(packed, dictionary, plain.length)
                : new PackedEntries(plain, NONE, -1);
    }

    private static byte[] learnt(byte[] before, byte[] plain) {
        if (before.length + plain.length > MOST_LEARNT) {
            return before;
        }
        byte[] both = Arrays.copyOf(before, before.length + plain.length);
        System.arraycopy(plain, 0, both, before.length, plain.length);
        return both;
    }

    private static byte[] plain(Map<String, String> entries) {
        var octets = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(octets)) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                byte[] value = decoded(entry.getValue());
                out.writeUTF(entry.getKey());
                out.writeBoolean(value != null);
                byte[] kept = value == null ? entry.getValue().getBytes(StandardCharsets.UTF_8) : value;
                out.writeInt(kept.length);
                out.write(kept);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written but memory", e);
        }
        return octets.toByteArray();
    }

    /** None of what would not be the same again. */
    private static byte @Nullable [] decoded(String value) {
        try {
            byte[] octets = Base64.getDecoder().decode(value);
            return Base64.getEncoder().encodeToString(octets).equals(value) ? octets : null;
        } catch (IllegalArgumentException notBase64) {
            return null;
        }
    }

    private static byte[] deflate(byte[] plain, byte[] dictionary) {
        // One octet more than is of use, so that it always ends.
        byte[] packed = new byte[plain.length + 1];
        synchronized (DEFLATER) {
            DEFLATER.reset();
            if (dictionary.length > 0) {
                DEFLATER.setDictionary(dictionary);
            }
            DEFLATER.setInput(plain);
            DEFLATER.finish();
            int count = DEFLATER.deflate(packed);
            return DEFLATER.finished() ? Arrays.copyOf(packed, count) : plain;
        }
    }

    private byte[] inflated() {
        if (length < 0) {
            return packed;
        }
        byte[] plain = new byte[length];
        Inflater inflater = new Inflater(true);
        try {
            if (dictionary.length > 0) {
                inflater.setDictionary(dictionary);
            }
            inflater.setInput(packed);
            int count = 0;
            while (count < length && !inflater.finished() && !inflater.needsInput()) {
                count += inflater.inflate(plain, count, length - count);
            }
            return plain;
        } catch (DataFormatException e) {
            throw new IllegalStateException("what was packed here cannot be unpacked", e);
        } finally {
            inflater.end();
        }
    }

    private Map<String, String> unpacked() {
        Map<String, String> entries = new LinkedHashMap<>();
        try (var in = new DataInputStream(new ByteArrayInputStream(inflated()))) {
            while (in.available() > 0) {
                String key = in.readUTF();
                boolean encode = in.readBoolean();
                byte[] value = in.readNBytes(in.readInt());
                entries.put(key, encode
                        ? Base64.getEncoder().encodeToString(value)
                        : new String(value, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("what was packed here cannot be read", e);
        }
        return entries;
    }

    @Override
    public Set<Entry<String, String>> entrySet() {
        return unpacked().entrySet();
    }

    /** Octets that it takes, but for the dictionary that it shares. */
    int octets() {
        return packed.length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof Map<?, ?> map && unpacked().equals(map);
    }

    @Override
    public int hashCode() {
        return unpacked().hashCode();
    }

    /** Nothing of what it holds. */
    @Override
    public String toString() {
        return "PackedEntries" + unpacked().keySet();
    }

    /** Packs what is read. */
    static final class Reader extends StdDeserializer<Map<String, String>> {
        private static final long serialVersionUID = 1;

        Reader() {
            super(Map.class);
        }

        @Override
        public Map<String, String> deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return of(parser.getCodec().readValue(parser, new TypeReference<LinkedHashMap<String, String>>() {
            }));
        }
    }
}
