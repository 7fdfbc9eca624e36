/** The SMTP submission service: takes mail of authenticated organizations, queues it durably, delivers it. */
@NullMarked
package dev.postrider.relay;

import org.jspecify.annotations.NullMarked;
