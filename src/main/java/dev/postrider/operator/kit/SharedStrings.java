package dev.postrider.operator.kit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeDeserializer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads strings, and gives equal ones as one where it still knows the earlier: types, reasons and messages of
 * conditions, labels, names of kinds, which are the same in thousands of resources. What it knows is bounded, and who
 * comes later takes the place of who came before; so nobody can fill it.
 */
final class SharedStrings extends StringDeserializer {
    private static final long serialVersionUID = 1;

    /** How many are known; a power of two. */
    private static final int PLACES = 1 << 12;

    /** Characters of those that are looked for. */
    private static final int LONGEST = 512;

    /** Strings are immutable, so a thread may see an earlier one and do no harm. */
    @SuppressWarnings("serial")
    private final transient @Nullable String[] known = new String[PLACES];

    @Override
    public String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
        return shared(super.deserialize(parser, context));
    }

    @Override
    public String deserializeWithType(JsonParser parser, DeserializationContext context, TypeDeserializer type)
            throws IOException {
        return shared(super.deserializeWithType(parser, context, type));
    }

    private String shared(String read) {
        if (read.length() > LONGEST) {
            return read;
        }
        int hash = read.hashCode();
        int place = (hash ^ hash >>> 16) & PLACES - 1;
        String there = known[place];
        if (there != null && there.equals(read)) {
            return there;
        }
        known[place] = read;
        return read;
    }
}
