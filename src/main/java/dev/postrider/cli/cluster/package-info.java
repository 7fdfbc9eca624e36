/** The commands that look at an installation in a cluster, and change it: the plugin of kubectl. */
@NullMarked
package dev.postrider.cli.cluster;

import org.jspecify.annotations.NullMarked;
