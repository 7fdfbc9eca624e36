/** One attempt to hand one message to one upstream server: connections, TLS checks, logins, tokens. */
@NullMarked
package dev.postrider.transport;

import org.jspecify.annotations.NullMarked;
