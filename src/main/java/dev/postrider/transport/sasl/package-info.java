/** The client's side of SASL mechanisms (RFC 4422): what is answered to which challenge. */
@NullMarked
package dev.postrider.transport.sasl;

import org.jspecify.annotations.NullMarked;
