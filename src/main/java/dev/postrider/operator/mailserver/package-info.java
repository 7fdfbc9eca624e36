/** Keeps the route of each MailServer and its status. */
@NullMarked
package dev.postrider.operator.mailserver;

import org.jspecify.annotations.NullMarked;
