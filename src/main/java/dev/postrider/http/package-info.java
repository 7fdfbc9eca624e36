/** Ports that answer HTTP/1.1, within bounds that a stranger cannot use up: what is read and written is httpcore's. */
@NullMarked
package dev.postrider.http;

import org.jspecify.annotations.NullMarked;
