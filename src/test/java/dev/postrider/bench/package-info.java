/** Measures Postrider; not part of the tests. */
@NullMarked
package dev.postrider.bench;

import org.jspecify.annotations.NullMarked;
