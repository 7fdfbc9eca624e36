/** What a reply of a server means, and what follows from it. */
@NullMarked
package dev.postrider.reply;

import org.jspecify.annotations.NullMarked;
