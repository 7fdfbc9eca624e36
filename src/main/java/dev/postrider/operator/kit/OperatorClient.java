package dev.postrider.operator.kit;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.OrganizationMailSettings;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** The clients of the API server as the operator has them: what comes in thousands is read cheaply, only a leader
 * writes, and the lease has one of its own. */
public final class OperatorClient {
    /**
     * Of one attempt, in milliseconds. A busy API server lets a request wait for a quarter of its own timeout (15 s by
     * default, its option --request-timeout) before it refuses it: who goes before that asks again, behind all others.
     */
    private static final int REQUEST_TIMEOUT = 30_000;

    private OperatorClient() {}

    /**
     * A builder of such clients, for the API server that the configuration names.
     *
     * @param leadership which learns from the client whether it lasts, and says whether it may write
     */
    public static KubernetesClientBuilder builder(Config config, Leadership leadership) {
        return new KubernetesClientBuilder()
                // Of what is created and not applied, the API server takes the field manager from here.
                .withConfig(new ConfigBuilder(config).withUserAgent(Lifecycle.FIELD_MANAGER)
                        .withRequestTimeout(REQUEST_TIMEOUT)
                        .build())
                .withKubernetesSerialization(serialization())
                .withHttpClientFactory(new CheapTls() {
                    @Override
                    public HttpClient.Builder newBuilder(Config config) {
                        return super.newBuilder(config).addOrReplaceInterceptor("leadership", leadership);
                    }
                });
    }

    private static class CheapTls extends JdkHttpClientFactory {
        @Override
        protected void additionalConfig(java.net.http.HttpClient.Builder builder) {
            builder.sslParameters(tls());
        }
    }

    /**
     * A client for the lease alone. It has connections of its own, by HTTP/1.1: there a request that is not answered in
     * time takes its connection with it, and the next one makes another, whereas a dead connection of HTTP/2 would be
     * used on. Nor does it try again by itself, as {@link LeaderElection} does.
     *
     * @param config  that of the operator's other client
     * @param timeout of a request, and of a connection's start
     */
    static KubernetesClient ofLease(Config config, Duration timeout) {
        int milliseconds = Math.toIntExact(timeout.toMillis());
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config).withHttp2Disable(true)
                        .withRequestTimeout(milliseconds)
                        .withConnectionTimeout(milliseconds)
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .withHttpClientFactory(new CheapTls())
                .build();
    }

    private static KubernetesSerialization serialization() {
        // These come in tens of thousands, and all that is read of them is kept.
        ObjectMapper mapper = new ObjectMapper().addMixIn(Secret.class, KeptSecret.class)
                .addMixIn(MailServer.class, Kept.class)
                .addMixIn(OrganizationMailSettings.class, Kept.class)
                .addMixIn(LicenseExpiryNotice.class, Kept.class)
                .registerModule(new SimpleModule("kept").addDeserializer(String.class, new SharedStrings())
                        .setDeserializerModifier(new KeptObjects()));
        KubernetesSerialization serialization = new KubernetesSerialization(mapper, true);
        // A kind that is not known is read as a map, written and read again.
        serialization.registerKubernetesResource(MailServer.class);
        serialization.registerKubernetesResource(OrganizationMailSettings.class);
        serialization.registerKubernetesResource(LicenseExpiryNotice.class);
        return serialization;
    }

    /** Who owns which field is a large part of an object, and nobody asks for it in these kinds. */
    @SuppressWarnings("UnusedMethod") // Jackson reads it.
    private interface Kept {
        @JsonIgnoreProperties("managedFields")
        ObjectMeta getMetadata();
    }

    @SuppressWarnings("UnusedMethod") // Jackson reads it.
    private interface KeptSecret extends Kept {
        @JsonDeserialize(using = PackedEntries.Reader.class)
        Map<String, String> getData();
    }

    /**
     * ChaCha20 before AES (RFC 8446, appendix B.4): the compiler that the chart chooses for its small memory has no AES
     * instructions, and is five times as fast with ChaCha20.
     */
    private static SSLParameters tls() {
        try {
            String[] suites = SSLContext.getDefault().getDefaultSSLParameters().getCipherSuites();
            Arrays.sort(suites, Comparator.comparing(suite -> !suite.contains("CHACHA20")));
            return new SSLParameters(suites, new String[]{"TLSv1.3", "TLSv1.2"});
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
