/** Mail with the logins of those who submit it: they are checked at the mail server, and queued encrypted. */
@NullMarked
package dev.postrider.relay.submitter;

import org.jspecify.annotations.NullMarked;
