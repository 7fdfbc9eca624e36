/** What stands in a binding beside the Service Binding entries: ready-made formats, and keys of the organization's own. */
@NullMarked
package dev.postrider.plan.binding;

import org.jspecify.annotations.NullMarked;
