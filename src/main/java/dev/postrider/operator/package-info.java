/** The operator, put together of its packages. */
@NullMarked
package dev.postrider.operator;

import org.jspecify.annotations.NullMarked;
