/** Messages made anew for servers that do not take them as they are, in one pass and bounded memory. */
@NullMarked
package dev.postrider.message.change;

import org.jspecify.annotations.NullMarked;
