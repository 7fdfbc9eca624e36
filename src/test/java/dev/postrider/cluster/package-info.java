/** Tests on a whole cluster: pods run, the chart is installed by Helm, applications send with what they mount. */
@NullMarked
package dev.postrider.cluster;

import org.jspecify.annotations.NullMarked;
