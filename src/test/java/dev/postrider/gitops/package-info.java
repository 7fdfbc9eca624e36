/** What GitOps tools make of the three kinds, and the examples for them. */
@NullMarked
package dev.postrider.gitops;

import org.jspecify.annotations.NullMarked;
