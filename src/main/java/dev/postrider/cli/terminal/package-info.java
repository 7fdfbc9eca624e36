/** What commands print with: tables, colours and progress for people, JSON and YAML for programs. */
@NullMarked
package dev.postrider.cli.terminal;

import org.jspecify.annotations.NullMarked;
