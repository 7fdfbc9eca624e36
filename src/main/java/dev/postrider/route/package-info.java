/**
 * The contract between those who plan and those who send: routes, test mails and their results, as records that
 * travel as JSON in Secrets.
 */
@NullMarked
package dev.postrider.route;

import org.jspecify.annotations.NullMarked;
