/**
 * What the operator needs of the API server, its client and the framework: leadership, Events, refused writes, Secrets,
 * health. Knows of no installation; of kinds only how they are kept small in memory.
 */
@NullMarked
package dev.postrider.operator.kit;

import org.jspecify.annotations.NullMarked;
