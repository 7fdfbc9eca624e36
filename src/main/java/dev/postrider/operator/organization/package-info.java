/** Keeps the route and the binding of each OrganizationMailSettings and its status. */
@NullMarked
package dev.postrider.operator.organization;

import org.jspecify.annotations.NullMarked;
