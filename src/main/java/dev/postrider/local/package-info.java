/** A directory of manifests in place of a cluster. */
@NullMarked
package dev.postrider.local;

import org.jspecify.annotations.NullMarked;
