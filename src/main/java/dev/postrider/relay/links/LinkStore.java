package dev.postrider.relay.links;

import java.io.IOException;
import java.io.InputStream;

/** Keeps octets by keys of the form {@code namespace/name/message-part}. Safe for many threads. */
public interface LinkStore extends AutoCloseable {

    /** Opens what is to be stored, from its start, each time. */
    @FunctionalInterface
    interface Source {
        InputStream open() throws IOException;
    }

    /**
     * Stores octets, in place of what was stored by that key. When it returns they are on disk; if it fails, nothing
     * that is half written is ever read.
     *
     * @throws LinksException if they cannot be stored
     */
    void put(String key, long size, Source source) throws LinksException;

    /**
     * Reads some of the octets; whoever gets the stream closes it.
     *
     * @param offset of the first
     * @param length at least 1, and no more than there are from there on
     * @throws LinksException if they cannot be read
     */
    InputStream read(String key, long offset, long length) throws LinksException;

    /** Removes what is stored by a key, if anything is. */
    void remove(String key) throws LinksException;

    @Override
    void close();
}
