/** What a notice says: texts in many languages, and the mail that carries them. No client, no clock, no I/O. */
@NullMarked
package dev.postrider.notice;

import org.jspecify.annotations.NullMarked;
