/** What watches the relay asks it over HTTP: health, metrics, how much is queued. */
@NullMarked
package dev.postrider.relay.admin;

import org.jspecify.annotations.NullMarked;
