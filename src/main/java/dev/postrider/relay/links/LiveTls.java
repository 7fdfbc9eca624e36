package dev.postrider.relay.links;

import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A TLS context that is at each connection what another then is: the JDK's HTTPS server takes one for its life. */
final class LiveTls extends SSLContextSpi {
    private final Supplier<Optional<SSLContext>> current;

    private LiveTls(Supplier<Optional<SSLContext>> current) {
        this.current = current;
    }

    static SSLContext of(Supplier<Optional<SSLContext>> current) throws java.security.NoSuchAlgorithmException {
        return new SSLContext(new LiveTls(current), SSLContext.getDefault().getProvider(), "TLS") {
        };
    }

    private SSLContext context() {
        return current.get().orElseThrow(() -> new IllegalStateException("there is no certificate yet"));
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
        return context().createSSLEngine();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
        return context().createSSLEngine(host, port);
    }

    @Override
    protected SSLParameters engineGetDefaultSSLParameters() {
        return context().getDefaultSSLParameters();
    }

    @Override
    protected SSLParameters engineGetSupportedSSLParameters() {
        return context().getSupportedSSLParameters();
    }

    @Override
    protected void engineInit(KeyManager @Nullable [] keys, TrustManager @Nullable [] trusted,
            @Nullable SecureRandom random) {
        throw new UnsupportedOperationException("it is what another is");
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
        return context().getSocketFactory();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
        return context().getServerSocketFactory();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
        return context().getServerSessionContext();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
        return context().getClientSessionContext();
    }
}
