/** Carries out plans, in one order, wherever the resources are. */
@NullMarked
package dev.postrider.reconcile;

import org.jspecify.annotations.NullMarked;
