package dev.postrider.operator.kit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeDeserializer;
import java.io.IOException;

/**
 * Reads strings, and gives equal ones as one where it still knows the earlier: types, reasons and messages of
 * conditions, names and UIDs of owners, names of kinds, which are the same in thousands of resources. It knows 32,768
 * strings at most, each of at most 512 characters; longer ones are given as they were read.
 */
final class SharedStrings extends StringDeserializer {
    private static final long serialVersionUID = 1;

    private static final int PLACES = 1 << 15;

    /** Characters of those that are looked for. */
    private static final int LONGEST = 512;

    @SuppressWarnings("serial") // it is never written
    private final transient Shared<String> known = new Shared<>(PLACES);

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
        return read.length() > LONGEST ? read : known.of(read);
    }
}
