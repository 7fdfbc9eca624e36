package dev.postrider.plan;

import dev.postrider.api.Condition;
import dev.postrider.api.Condition.Status;
import dev.postrider.api.ConditionType;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.OrganizationMailSettingsSpec;
import dev.postrider.api.OrganizationMailSettingsStatus.BindingStatus;
import dev.postrider.api.PostriderApi;
import dev.postrider.api.Reason;
import dev.postrider.route.Durations;
import dev.postrider.route.RelayLogin;
import dev.postrider.route.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The Secret that an organization's applications mount: what is there under its name, and whether it is written. */
final class OrganizationBinding {
    private static final Duration ROTATION_OVERLAP = Duration.ofHours(24);

    private final OrganizationMailSettings organization;
    private final World world;
    private final Servers servers;
    private final Deletion deletion;
    private final boolean valid;
    private final BindingLookup found;
    private final Duration overlap;
    private final Optional<Refusal> refused;
    private final Optional<Rotation> rotation;

    /**
     * The binding of an organization.
     *
     * @param valid   whether nothing is wrong with what the organization declares
     * @param refused what came of writing it
     */
    OrganizationBinding(OrganizationMailSettings organization, World world, Servers servers, Deletion deletion,
            boolean valid, Optional<Refusal> refused) {
        this.refused = refused;
        this.organization = organization;
        this.world = world;
        this.servers = servers;
        this.deletion = deletion;
        this.valid = valid;
        this.found = world.binding(OrganizationPlan.key(organization), name());
        this.overlap = Optional.ofNullable(organization.getSpec().binding())
                .map(OrganizationMailSettingsSpec.Binding::rotationOverlap)
                .map(Durations::read)
                .orElse(ROTATION_OVERLAP);
        this.rotation = rotation();
    }

    static String name(OrganizationMailSettings organization) {
        OrganizationMailSettingsSpec.Binding binding = organization.getSpec().binding();
        return binding == null || binding.secretName() == null
                ? organization.getMetadata().getName() + "-mail"
                : binding.secretName();
    }

    /** What is wrong where the Secret of its name is somebody else's. */
    static Optional<Problem> taken(OrganizationMailSettings organization, World world) {
        String name = name(organization);
        return world.binding(OrganizationPlan.key(organization), name) instanceof BindingLookup.Foreign foreign
                ? Optional.of(taken(name, foreign))
                : Optional.empty();
    }

    private static Problem taken(String secretName, BindingLookup.Foreign foreign) {
        String whose = foreign.organization()
                .map(o -> "is the binding of organization %s; name another one".formatted(o))
                .orElse("exists and is not Postrider's; it is left alone. Delete it, or name another one in "
                        + "spec.binding.secretName");
        return new Problem(Problem.Area.SPEC, Reason.SecretExists, "spec.binding.secretName",
                "Secret \"%s\" %s".formatted(secretName, whose));
    }

    String name() {
        return name(organization);
    }

    /** Whether it is written now; where not, what is there stays. */
    boolean isWritten() {
        return valid && rotation.isPresent() && world.installation().relay().isPresent() && refused.isEmpty();
    }

    /** Whether what is there could not be brought up to date, and goes on as it is. */
    boolean isLeftAsItWas() {
        return refused.isPresent() && found instanceof BindingLookup.Own;
    }

    private Optional<Rotation> rotation() {
        Optional<String> request = Optional.ofNullable(organization.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(PostriderApi.ROTATE_ANNOTATION))
                .filter(value -> !value.isEmpty());
        boolean mayRotate = valid && servers.usable() && world.installation().relay().isPresent()
                && deletion == Deletion.NOT_ASKED;
        return switch (found) {
            case BindingLookup.Own own -> Optional
                    .of(Rotation.of(own, request, mayRotate, overlap, world.now(), world::newPassword));
            // A namespace that is being deleted takes no Secret any more, and nobody needs one.
            case BindingLookup.Missing() when deletion != Deletion.NOT_ASKED -> Optional.empty();
            case BindingLookup.Missing() -> Optional.of(Rotation.first(request, world.newPassword()));
            case BindingLookup.Foreign _ -> Optional.empty();
        };
    }

    /** Its password, where it is written. */
    Optional<Rotation> password() {
        return isWritten() ? rotation : Optional.empty();
    }

    /** The Secret, where it is written. */
    Optional<Binding> secret(DeclaredOrganization declared, CapabilitiesNow capabilities) {
        OrganizationMailSettingsSpec spec = organization.getSpec();
        ResourceKey key = OrganizationPlan.key(organization);
        return password().flatMap(password -> world.installation()
                .relay()
                .map(address -> BindingEntries.account(key, spec, declared.identity(), address, password.password()))
                .map(account -> Binding.of(key, name(), account, servers.wantSubmitters(),
                        BindingEntries.of(spec, account, declared.links(), capabilities), password.annotations())));
    }

    Condition ready(Conditions conditions) {
        String name = name();
        ConditionType type = ConditionType.BindingReady;
        if (found instanceof BindingLookup.Foreign foreign) {
            Problem taken = taken(name, foreign);
            return conditions.set(type, Status.False, taken.reason(), Problem.describe(List.of(taken)));
        }
        if (refused.isPresent()) {
            return conditions.set(type, Status.False, Reason.Refused, refused.get().message()
                    + (isLeftAsItWas() ? ". Applications go on with the binding as it was" : ""));
        }
        if (isWritten()) {
            return conditions.set(type, Status.True, Reason.Written, servers.wantOnlySubmitters()
                    ? "applications find host and port in Secret \"%s\"; its login sends nothing, for %s"
                            .formatted(name, howToLogIn())
                    : "applications find host, port and login in Secret \"%s\"".formatted(name)
                            + (servers.wantSubmitters()
                                    ? "; a user of the mail server may log in as %sUSER, with his password there"
                                            .formatted(RelayLogin.prefix(OrganizationPlan.key(organization)))
                                    : ""));
        }
        if (found instanceof BindingLookup.Missing && deletion != Deletion.NOT_ASKED) {
            return conditions.set(type, Status.False, Reason.Gone,
                    "Secret \"%s\" is gone and not made again, for the organization is being deleted".formatted(name));
        }
        return valid
                ? conditions.set(type, Status.Unknown, Reason.RelayPending, "waits for the relay's certificate")
                : conditions.set(type, Status.Unknown, Reason.NotValid,
                        "waits until what is wrong with the resource is mended");
    }

    /** What somebody does who has a login of the mail servers. */
    String howToLogIn() {
        return "who sends logs in as %sUSER, with the name and the password of a user of the mail server"
                .formatted(RelayLogin.prefix(OrganizationPlan.key(organization)));
    }

    /** @param before what the status says, which stays where the Secret does */
    @Nullable
    BindingStatus status(@Nullable BindingStatus before) {
        return isWritten()
                ? new BindingStatus(name(), rotation.flatMap(Rotation::at).map(Instant::toString).orElse(null),
                        formerUntil().map(Instant::toString).orElse(null))
                : before;
    }

    Optional<Notice> rotated() {
        return rotation.filter(done -> done.done() && refused.isEmpty())
                .map(_ -> Notice.normal(Reason.Rotated,
                        "Secret \"%s\" has a new password; the former one is %s".formatted(
                                name(), formerUntil().map(until -> "taken until " + until).orElse("taken no more"))));
    }

    private Optional<Instant> formerUntil() {
        return rotation.flatMap(r -> r.formerUntil(overlap, world.now()));
    }

    /** When something must be done next: a former password goes out of the route. */
    Optional<Instant> nextChange() {
        return rotation.flatMap(r -> r.nextChange(overlap));
    }
}
