package dev.postrider.plan;

import dev.postrider.api.PostriderApi;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Instant;
import java.util.Optional;

/**
 * The value of the annotation that asks for a test mail. Any new value does. One that is an address is that test's
 * recipient, and so is an address with a space and a word behind it: that word makes another request of the same
 * address.
 */
public final class TestRequest {
    private TestRequest() {}

    static Optional<String> of(HasMetadata resource) {
        return Optional.ofNullable(resource.getMetadata().getAnnotations())
                .map(a -> a.get(PostriderApi.TEST_SEND_ANNOTATION))
                .filter(value -> !value.isBlank());
    }

    /** To whom the mail of a request goes, if the request says so. */
    static Optional<String> recipient(String request) {
        if (MailAddress.isAddress(request)) {
            return Optional.of(request);
        }
        int space = request.lastIndexOf(' ');
        return space < 0
                ? Optional.empty()
                : Optional.of(request.substring(0, space).strip()).filter(MailAddress::isAddress);
    }

    /**
     * A value that nobody has written before.
     *
     * @throws IllegalArgumentException if the recipient is no address; the message says why
     */
    public static String write(Optional<String> recipient, Instant now) {
        recipient.flatMap(MailAddress::problem).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return recipient.map(address -> address + " ").orElse("") + now;
    }
}
