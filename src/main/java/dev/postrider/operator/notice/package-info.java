/** Sends the notices of each LicenseExpiryNotice, once, and keeps its status. */
@NullMarked
package dev.postrider.operator.notice;

import org.jspecify.annotations.NullMarked;
