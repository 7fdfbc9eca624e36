/** What a message is: its content, its envelope, what its sender wants to be told, and whose work it is. */
@NullMarked
package dev.postrider.message;

import org.jspecify.annotations.NullMarked;
