/**
 * What the reconcilers of one installation share: settings, caches, the world that plans look at and what wakes them,
 * and how the relay is asked.
 */
@NullMarked
package dev.postrider.operator.installation;

import org.jspecify.annotations.NullMarked;
