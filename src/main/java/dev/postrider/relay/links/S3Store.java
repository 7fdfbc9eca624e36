package dev.postrider.relay.links;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A bucket of a server that speaks the API of Amazon S3. */
final class S3Store implements LinkStore {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(30);

    private final S3Location location;
    private final S3Client client;

    /** @throws IOException if the CA of the server cannot be read; nothing is asked of the server yet */
    S3Store(S3Location location) throws IOException {
        this.location = location;
        UrlConnectionHttpClient.Builder http = UrlConnectionHttpClient.builder()
                .connectionTimeout(CONNECT)
                .socketTimeout(SILENCE);
        Path ca = location.credentials().resolve("ca.crt");
        if (Files.exists(ca)) {
            TrustManager[] trusted = trust(ca);
            http.tlsTrustManagersProvider(() -> trusted);
        }
        this.client = S3Client.builder()
                .endpointOverride(location.endpoint())
                .region(Region.of(location.region()))
                .forcePathStyle(true)
                .credentialsProvider(credentials(location.credentials()))
                // Servers besides Amazon's may not know the checksums that are new.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                // What the home directory says of Amazon is not about this.
                .overrideConfiguration(configuration -> configuration
                        .defaultProfileFile(ProfileFile.aggregator().build()))
                .httpClientBuilder(http)
                .build();
    }

    private static AwsCredentialsProvider credentials(Path directory) {
        return () -> {
            try {
                return AwsBasicCredentials.create(Files.readString(directory.resolve("access-key-id")).strip(),
                        Files.readString(directory.resolve("secret-access-key")).strip());
            } catch (IOException e) {
                throw new UncheckedIOException("the keys of S3 cannot be read from " + directory, e);
            }
        };
    }

    private static TrustManager[] trust(Path ca) throws IOException {
        try (InputStream in = Files.newInputStream(ca)) {
            KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
            authorities.load(null, null);
            int number = 0;
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                authorities.setCertificateEntry("ca" + number++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(authorities);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException e) {
            throw new IOException("the CA of S3 cannot be used: " + ca + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void put(String key, long size, Source source) throws LinksException {
        try {
            client.putObject(request -> request.bucket(location.bucket()).key(key),
                    RequestBody.fromContentProvider(() -> {
                        try {
                            return source.open();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }, size, "application/octet-stream"));
        } catch (RuntimeException e) {
            throw failure("written", e);
        }
    }

    @Override
    public InputStream read(String key, long offset, long length) throws LinksException {
        try {
            return new Aborted(client.getObject(request -> request.bucket(location.bucket())
                    .key(key)
                    .range("bytes=" + offset + "-" + (offset + length - 1))));
        } catch (RuntimeException e) {
            throw failure("read", e);
        }
    }

    @Override
    public void remove(String key) throws LinksException {
        try {
            client.deleteObject(request -> request.bucket(location.bucket()).key(key));
        } catch (RuntimeException e) {
            throw failure("written", e);
        }
    }

    /** Without the request: it has signatures. */
    private LinksException failure(String what, RuntimeException e) {
        String why = switch (e) {
            case S3Exception refused -> "status " + refused.statusCode() + (refused.awsErrorDetails() == null
                    ? ""
                    : ", " + refused.awsErrorDetails().errorCode());
            case SdkServiceException refused -> "status " + refused.statusCode();
            case UncheckedIOException unread -> String.valueOf(unread.getMessage());
            default -> root(e).getClass().getSimpleName() + ": " + root(e).getMessage();
        };
        return new LinksException("bucket " + location.bucket() + " at " + location.endpoint() + " cannot be " + what
                + " (" + why + ")", e);
    }

    private static Throwable root(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    @Override
    public void close() {
        client.close();
    }

    /** What is not wanted any more is not read to its end. */
    private static final class Aborted extends FilterInputStream {
        private final ResponseInputStream<GetObjectResponse> response;
        private boolean ended;

        Aborted(ResponseInputStream<GetObjectResponse> response) {
            super(response);
            this.response = response;
        }

        @Override
        public int read() throws IOException {
            int octet = in.read();
            ended |= octet < 0;
            return octet;
        }

        @Override
        public int read(byte[] octets, int offset, int count) throws IOException {
            int read = in.read(octets, offset, count);
            ended |= read < 0;
            return read;
        }

        @Override
        public void close() throws IOException {
            if (ended) {
                in.close();
            } else {
                response.abort();
            }
        }
    }
}
