/** The command line: the only place that prints. */
@NullMarked
package dev.postrider.cli;

import org.jspecify.annotations.NullMarked;
