package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client whose lease lasts three seconds, by a clock that is set. */
@EnableKubernetesMockClient(crud = true, https = false)
final class LeadershipTest {
    private static final Duration LASTS = Duration.ofSeconds(3);

    KubernetesClient other;

    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger replaced = new AtomicInteger();
    private final Leadership leadership = new Leadership(nanos::get, replaced::incrementAndGet);
    private final Wire wire = new Wire();
    private KubernetesClient client;

    /** What is really sent. */
    private static final class Wire implements Interceptor {
        private final List<String> sent = new CopyOnWriteArrayList<>();

        @Override
        public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            sent.add(request.method());
        }
    }

    @BeforeEach
    @SuppressWarnings("NullAway") // The extension sets the other client before.
    void connect() {
        client = OperatorClient.builder(other.getConfiguration(), leadership)
                .withHttpClientBuilderConsumer(b -> b.addOrReplaceInterceptor("wire", wire))
                .build();
        client.resource(configMap("before")).create();
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    private static ConfigMap configMap(String value) {
        return new ConfigMapBuilder().withNewMetadata()
                .withNamespace("test")
                .withName("some")
                .endMetadata()
                .addToData("key", value)
                .build();
    }

    /** As the leader election does it, with a request that was sent some time ago. */
    private void renewed(Duration ago) {
        leadership.renewed(nanos.get() - ago.toNanos(), LASTS);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void whoNeverLedIsNotHindered() {
        pass(Duration.ofDays(1));

        client.resource(configMap("mine")).update();

        assertThat(replaced).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "->", textBlock = """
            PT0S         -> true
            PT2.999999S  -> true
            PT3S         -> false
            PT1H         -> false
            """)
    void writesAsLongAsTheLeaseLasts(Duration passed, boolean sent) {
        renewed(Duration.ZERO);
        wire.sent.clear();
        pass(passed);

        if (sent) {
            client.resource(configMap("mine")).update();
        } else {
            assertThatThrownBy(() -> client.resource(configMap("mine")).update())
                    .isInstanceOf(KubernetesClientException.class)
                    .hasMessageContaining("is not sent: the lease is over, and another replica may lead");
        }

        assertThat(wire.sent.contains("PUT")).isEqualTo(sent);
        assertThat(other.resource(configMap("")).get().getData()).containsEntry("key", sent ? "mine" : "before");
        assertThat(replaced).hasValue(sent ? 0 : 1);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "->", textBlock = """
            POST   -> /api/v1/namespaces/test/secrets                                                -> refused
            PUT    -> /api/v1/namespaces/test/configmaps/some                                        -> refused
            PATCH  -> /apis/postrider.dev/v1alpha1/namespaces/t/organizationmailsettings/acme/status -> refused
            DELETE -> /apis/apps/v1/namespaces/test/deployments/postrider-relay                      -> refused
            POST   -> /apis/events.k8s.io/v1/namespaces/test/events                                  -> refused
            GET    -> /api/v1/namespaces/test/secrets                                                -> sent
            POST   -> /apis/authorization.k8s.io/v1/selfsubjectrulesreviews                          -> sent
            """)
    void onlyWhatChangesSomethingIsRefused(String method, String path, String what) {
        renewed(Duration.ZERO);
        wire.sent.clear();
        pass(LASTS);

        try {
            client.raw(path, method, method.equals("GET") ? null : new SelfSubjectRulesReviewBuilder().build());
        } catch (KubernetesClientException e) {
            assertThat(e).as("that the mock does not know it is no matter here").isNotNull();
        }

        assertThat(wire.sent).hasSize(what.equals("sent") ? 1 : 0);
    }

    @Test
    void eachRenewalCountsFromBeforeItWasSent() {
        renewed(Duration.ZERO);
        pass(Duration.ofSeconds(2));
        renewed(Duration.ZERO);
        pass(Duration.ofSeconds(2));
        client.resource(configMap("renewed")).update();

        // The request was tried again for two seconds, until the API server took it.
        renewed(Duration.ofSeconds(2));
        pass(Duration.ofMillis(999));
        client.resource(configMap("renewed late")).update();
        pass(Duration.ofMillis(1));

        assertThatThrownBy(() -> client.resource(configMap("too late")).update())
                .isInstanceOf(KubernetesClientException.class);
    }

    @Test
    void whoIsReplacedIsToldOnceHoweverManyRequestsAreRefused() {
        renewed(Duration.ZERO);
        pass(LASTS);

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> client.resource(configMap("mine")).update())
                    .isInstanceOf(KubernetesClientException.class);
        }
        leadership.lost();

        assertThat(replaced).hasValue(1);
    }

    @Test
    void whoGaveItsLeaseBackWritesNothingAndIsNotTold() {
        renewed(Duration.ZERO);
        leadership.close();
        leadership.givenBack();

        assertThatThrownBy(() -> client.resource(configMap("mine")).update())
                .isInstanceOf(KubernetesClientException.class);
        assertThat(replaced).hasValue(0);
    }
}
