package dev.postrider.plan;

import dev.postrider.api.PostriderApi;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Optional;

/** The value of the annotation that asks for a test mail. */
final class TestRequest {
    private TestRequest() {}

    static Optional<String> of(HasMetadata resource) {
        return Optional.ofNullable(resource.getMetadata().getAnnotations())
                .map(a -> a.get(PostriderApi.TEST_SEND_ANNOTATION))
                .filter(value -> !value.isBlank());
    }
}
