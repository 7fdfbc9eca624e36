package dev.postrider.message.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.message.MessageContent;
import dev.postrider.message.MessageException;
import dev.postrider.message.change.MessageParts.Leaf;
import dev.postrider.message.dkim.DkimSigners;
import dev.postrider.testing.Cost;
import dev.postrider.testing.DkimVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is done to a message on its way, and what that may cost. */
enum MessageChange {
    SPLIT {
        @Override
        void make(MessageContent message) throws Exception {
            for (MessageContent part : PartialMessages.of(message, 128 * 1024, "1@relay.test")) {
                read(part);
            }
        }
    },
    DOWNGRADE {
        @Override
        void make(MessageContent message) throws Exception {
            read(DowngradedMessage.of(message));
        }
    },
    ENCODE {
        @Override
        void make(MessageContent message) throws Exception {
            read(EncodedMessage.of(message, true, true));
        }
    },
    SHORTEN {
        @Override
        void make(MessageContent message) throws Exception {
            read(EncodedMessage.of(message, false, false));
        }
    },
    LINK {
        @Override
        void make(MessageContent message) throws Exception {
            MessageParts parts = MessageParts.of(message);
            Set<Leaf> taken = new HashSet<>();
            for (Leaf leaf : parts.leaves()) {
                if (!leaf.isText() && !leaf.isSealed() && !leaf.isMultipart() && leaf.fileName().isPresent()) {
                    decode(leaf);
                    taken.add(leaf);
                }
            }
            read(parts.without(taken, LIST, "=_b"));
        }
    },
    TAKE_APART {
        @Override
        void make(MessageContent message) throws Exception {
            LargeMessage.takeApart(message, message.size() / 2);
        }
    },
    SIGN {
        @Override
        void make(MessageContent message) throws Exception {
            read(SIGNERS.sign(message));
        }
    };

    private static final DkimSigners SIGNERS = new DkimSigners(
            List.of(DkimVerifier.key("s", "example.com", "Ed25519", 0)), InstantSource.system());
    private static final byte[] LIST = "Content-Type: text/plain\r\n\r\nlinks\r\n".getBytes(StandardCharsets.US_ASCII);

    abstract void make(MessageContent message) throws Exception;

    /** Says how it ended: done, or the reason of the refusal. */
    String tried(MessageContent message) throws Exception {
        try {
            make(message);
            return "done";
        } catch (MessageException e) {
            return e.status().isPresent() ? String.valueOf(e.getMessage()) : "again: " + e.getMessage();
        } catch (MessageParts.TooComplexException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * Makes it, and fails if that costs more than it may.
     *
     * @param octets of the message, so that they are not counted
     */
    String measured(byte[] octets) throws Exception {
        MessageContent message = MessageContent.of(octets);
        return Cost.measured(toString(), octets.length, progress -> tried(watched(message, progress)));
    }

    private static MessageContent watched(MessageContent message, Cost.Progress progress) {
        return new MessageContent() {
            @Override
            public long size() {
                return message.size();
            }

            @Override
            public InputStream open() throws IOException {
                InputStream in = message.open();
                return new InputStream() {
                    @Override
                    public int read() throws IOException {
                        return in.read();
                    }

                    @Override
                    public int read(byte[] to, int offset, int count) throws IOException {
                        progress.passed(count);
                        return in.read(to, offset, count);
                    }

                    @Override
                    public long skip(long count) throws IOException {
                        return in.skip(count);
                    }
                };
            }
        };
    }

    private static void read(MessageContent content) throws IOException {
        try (InputStream in = content.open()) {
            assertThat(in.transferTo(OutputStream.nullOutputStream())).isEqualTo(content.size());
        }
    }

    private static void decode(Leaf leaf) throws Exception {
        try (InputStream in = leaf.open()) {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException | jakarta.mail.MessagingException e) {
            // Its encoding is broken: it stays where it is.
        }
    }
}
