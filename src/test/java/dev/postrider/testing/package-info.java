/** What tests of every package share: a real API server, golden files. */
@NullMarked
package dev.postrider.testing;

import org.jspecify.annotations.NullMarked;
