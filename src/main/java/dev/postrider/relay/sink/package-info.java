/** An SMTP server that takes everything, to try things out and to test against. */
@NullMarked
package dev.postrider.relay.sink;

import org.jspecify.annotations.NullMarked;
