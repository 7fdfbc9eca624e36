/** Keeps the relay's Deployment and what belongs to it. */
@NullMarked
package dev.postrider.operator.relay;

import org.jspecify.annotations.NullMarked;
