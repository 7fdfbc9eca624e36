/** Adapters between the Kubernetes API and the plan: snapshot, plan, apply, status. */
@NullMarked
package dev.postrider.operator;

import org.jspecify.annotations.NullMarked;
