/** What the relay knows of organizations and servers, and the Secrets that this comes from. */
@NullMarked
package dev.postrider.relay.routes;

import org.jspecify.annotations.NullMarked;
