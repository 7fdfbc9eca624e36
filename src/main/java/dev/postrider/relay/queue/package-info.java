/** Where a message is from the 250 that its client saw to the 250 that an upstream server gave. */
@NullMarked
package dev.postrider.relay.queue;

import org.jspecify.annotations.NullMarked;
