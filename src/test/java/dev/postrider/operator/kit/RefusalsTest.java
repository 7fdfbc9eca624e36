package dev.postrider.operator.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postrider.plan.Refusal;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is told of a write that the API server refuses. */
final class RefusalsTest {
    private static final String PASSWORD = "Zm9ya2xpZnQtb3BlcmF0b3ItMjAyNi0xMS0yOA";
    private static final Secret SECRET = new SecretBuilder().withNewMetadata()
            .withNamespace("acme")
            .withName("main-mail-of-a-long-name-that-is-part-of-it")
            .endMetadata()
            .withData(Map.of("password", Secrets.base64(PASSWORD), "port", Secrets.base64("587"), "host",
                    Secrets.base64("main-mail-of-a-long-name-that-is-part-of-it"), "route.json",
                    Secrets.base64("{\"endpoint\":{\"logins\":[{\"password\":\"s3cret\"}],\"port\":587}}")))
            .build();

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            exceeded quota: none, used: 5                              | exceeded quota: none, used: 5
            Secret "main-mail-of-a-long-name-that-is-part-of-it" no    | Secret "main-mail-of-a-long-name-that-is-part-of-it" no
            port 587 is forbidden                                      | port 587 is forbidden
            no: Zm9ya2xpZnQtb3BlcmF0b3ItMjAyNi0xMS0yOA                 | the API server repeats what is in it
            no: cut 2xpZnQtb3BlcmF0b3ItMjAyNi0x...                     | the API server repeats what is in it
            no: Wm05eWEyeHBabkYwYjNCbGNtRjBiM0l0TWpBeU5pMHhNUzB5T0E     | the API server repeats what is in it
            the login is s3cret here                                   | the API server repeats what is in it
            """)
    void wordsAreToldUnlessTheyRepeatWhatIsInTheSecret(String said, String told) {
        assertThat(Refusals.words(failure(403, said), SECRET)).isEqualTo(told);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            code, retries, told before, told
            403,  0,       false,       true
            413,  0,       false,       true
            422,  0,       false,       true
            400,  0,       false,       true
            409,  0,       false,       false
            429,  4,       false,       false
            500,  4,       false,       false
            500,  5,       false,       true
            0,    5,       false,       true
            409,  0,       true,        true
            """, useHeadersInDisplayName = true)
    void whatPassesByItselfIsToldWhenItLasts(int code, int retries, boolean before, boolean told) {
        KubernetesClientException failure = failure(code, "no");
        Refusal refusal = new Refusal("told");
        if (told) {
            assertThat(Refusals.attempt(context(retries), before, _ -> refusal, () -> {
                throw failure;
            })).contains(refusal);
        } else {
            assertThatThrownBy(() -> Refusals.attempt(context(retries), before, _ -> refusal, () -> {
                throw failure;
            })).isSameAs(failure);
        }
    }

    private static KubernetesClientException failure(int code, String said) {
        return new KubernetesClientException(said, code,
                new StatusBuilder().withCode(code).withMessage(said).withReason("Forbidden").build());
    }

    private static Context<?> context(int retries) {
        RetryInfo info = new RetryInfo() {
            @Override
            public int getAttemptCount() {
                return retries;
            }

            @Override
            public boolean isLastAttempt() {
                return false;
            }
        };
        return (Context<?>) Proxy.newProxyInstance(Context.class.getClassLoader(), new Class<?>[]{Context.class},
                (_, method, _) -> {
                    assertThat(method.getName()).isEqualTo("getRetryInfo");
                    return retries == 0 ? Optional.empty() : Optional.of(info);
                });
    }
}
