/** Hands queued mail to the organizations' servers, fairly and within their limits, and reports what failed. */
@NullMarked
package dev.postrider.relay.delivery;

import org.jspecify.annotations.NullMarked;
