/** Who may ask what of a port: the API server decides, by the token that a request brings. */
@NullMarked
package dev.postrider.access;

import org.jspecify.annotations.NullMarked;
