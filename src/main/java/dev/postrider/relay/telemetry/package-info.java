/** What the relay tells of its work: metrics, log lines. */
@NullMarked
package dev.postrider.relay.telemetry;

import org.jspecify.annotations.NullMarked;
