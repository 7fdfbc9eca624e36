package dev.postrider.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The id of a message in the queue: nothing in it that would mean something else in a URL. */
record QueueId(String text) {
    /** Reads one from the command line. */
    static final class Converter implements ITypeConverter<QueueId> {
        @Override
        public QueueId convert(String value) {
            if (!value.matches("[0-9A-Z]{16}")) {
                throw new TypeConversionException(
                        "'" + value + "' is no queue id; it has 16 digits and capital letters");
            }
            return new QueueId(value);
        }
    }
}
