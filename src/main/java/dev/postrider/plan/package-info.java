/** Pure: a resource and the world around it in; problems, routes, bindings, test orders and conditions out. No client, no clock of its own, no I/O. */
@NullMarked
package dev.postrider.plan;

import org.jspecify.annotations.NullMarked;
