/** What organizations' webhooks are told: an event for each final outcome, from the queue's outbox. */
@NullMarked
package dev.postrider.relay.events;

import org.jspecify.annotations.NullMarked;
