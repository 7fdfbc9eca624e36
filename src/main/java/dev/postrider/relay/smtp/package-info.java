/** The submission listener: one virtual thread a connection, methods named for the verbs (RFC 5321, RFC 6409). */
@NullMarked
package dev.postrider.relay.smtp;

import org.jspecify.annotations.NullMarked;
