/**
 * The kinds that people write, as records whose annotations are the schema: the custom resource definitions in
 * {@code crds/} are generated from nothing else. No behaviour lives here.
 */
@NullMarked
package dev.postrider.api;

import org.jspecify.annotations.NullMarked;
