/** Fields of a header and what stands in them (RFC 5322, 2047, 6532). */
@NullMarked
package dev.postrider.message.header;

import org.jspecify.annotations.NullMarked;
