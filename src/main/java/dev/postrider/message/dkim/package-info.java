/** Signatures (RFC 6376). */
@NullMarked
package dev.postrider.message.dkim;

import org.jspecify.annotations.NullMarked;
