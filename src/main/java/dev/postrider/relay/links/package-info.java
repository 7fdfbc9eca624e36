/** Attachments that mail has links to: where they are kept, and how they are downloaded. */
@NullMarked
package dev.postrider.relay.links;

import org.jspecify.annotations.NullMarked;
