package dev.postrider.cluster;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Marks a test class that needs a whole cluster; its methods may take a {@link Cluster}. Each tells its time. */
@Tag("cluster")
@ExtendWith(UsesCluster.Start.class)
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@interface UsesCluster {

    /** Brings the cluster up before the first test, outside of any test's time limit: it may have to be built. */
    final class Start
            implements
                BeforeAllCallback,
                BeforeTestExecutionCallback,
                AfterTestExecutionCallback,
                ParameterResolver {
        private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(Start.class);

        @Override
        public void beforeAll(ExtensionContext context) {
            Cluster.shared();
        }

        @Override
        public void beforeTestExecution(ExtensionContext context) {
            context.getStore(STORE).put("begun", System.nanoTime());
        }

        @Override
        public void afterTestExecution(ExtensionContext context) {
            long begun = context.getStore(STORE).getOrDefault("begun", Long.class, System.nanoTime());
            Cluster.say("%s %s: %d ms%s".formatted(context.getRequiredTestClass().getSimpleName(),
                    context.getDisplayName(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun),
                    context.getExecutionException().isPresent() ? ", FAILED" : ""));
            if (context.getExecutionException().isPresent()) {
                tellWhatPostriderSaid();
            }
        }

        /** The pods are gone by the time that somebody reads of the failure. */
        private static void tellWhatPostriderSaid() {
            Cluster cluster = Cluster.shared();
            cluster.kubectl("get", "pods", "--all-namespaces", "-l", "app.kubernetes.io/name=postrider", "-o",
                    "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{\"\\n\"}{end}")
                    .out()
                    .lines()
                    .map(pod -> pod.split(" "))
                    .forEach(pod -> Cluster.say(pod[1] + ":\n"
                            + cluster.kubectl("-n", pod[0], "logs", "--tail=200", pod[1]).out()));
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Cluster.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return Cluster.shared();
        }
    }
}
