package dev.postrider.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.api.LicenseExpiryNotice;
import dev.postrider.api.MailServer;
import dev.postrider.api.MailServerSpec.Scope;
import dev.postrider.api.OrganizationMailSettings;
import dev.postrider.api.PostriderApi;
import dev.postrider.plan.BindingLookup;
import dev.postrider.plan.ConfigMapLookup;
import dev.postrider.plan.OrganizationPlan;
import dev.postrider.plan.SecretLookup;
import dev.postrider.route.ResourceKey;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The valid resources of manifests, as the plan looks at them. */
final class Declared {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final SortedMap<ResourceKey, MailServer> servers = new TreeMap<>();
    private final SortedMap<ResourceKey, OrganizationMailSettings> organizations = new TreeMap<>();
    private final SortedMap<ResourceKey, LicenseExpiryNotice> licenseNotices = new TreeMap<>();
    private final Map<ResourceKey, ObjectNode> secrets = new HashMap<>();
    private final Map<ResourceKey, ObjectNode> configMaps = new HashMap<>();

    private Declared() {}

    static Declared nothing() {
        return new Declared();
    }

    /** Of several resources of the same kind and key the last one counts. */
    static Declared of(Iterable<Check.Valid> resources) {
        Declared declared = new Declared();
        resources.forEach(valid -> declared.add(valid.document().kind(), valid.document().key(), valid.resource()));
        return declared;
    }

    private void add(String kind, ResourceKey key, ObjectNode resource) {
        switch (kind) {
            case Kinds.MAIL_SERVER -> servers.put(key, read(key, resource, MailServer.class));
            case Kinds.ORGANIZATION -> organizations.put(key, read(key, resource, OrganizationMailSettings.class));
            case Kinds.LICENSE_NOTICE -> licenseNotices.put(key, read(key, resource, LicenseExpiryNotice.class));
            case Kinds.SECRET -> secrets.put(key, resource);
            case Kinds.CONFIG_MAP -> configMaps.put(key, resource);
            default -> throw new IllegalArgumentException("kind " + kind);
        }
    }

    private static <T extends HasMetadata> T read(ResourceKey key, ObjectNode resource,
            Class<T> type) {
        try {
            T read = MAPPER.treeToValue(resource, type);
            read.getMetadata().setNamespace(key.namespace());
            return read;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the schema took a " + type.getSimpleName() + " that the program does not: "
                    + key, e);
        }
    }

    SortedMap<ResourceKey, MailServer> servers() {
        return servers;
    }

    SortedMap<ResourceKey, OrganizationMailSettings> organizations() {
        return organizations;
    }

    SortedMap<ResourceKey, LicenseExpiryNotice> licenseNotices() {
        return licenseNotices;
    }

    List<LicenseExpiryNotice> licenses(ResourceKey organization) {
        return licenseNotices.values()
                .stream()
                .filter(notice -> organization.equals(new ResourceKey(notice.getMetadata().getNamespace(),
                        notice.getSpec().organizationRef().name())))
                .toList();
    }

    Stream<ResourceKey> globalServers() {
        return servers.entrySet()
                .stream()
                .filter(s -> s.getValue().getSpec().scope() == Scope.Global)
                .map(Map.Entry::getKey);
    }

    /**
     * Who has the Secret that an organization would write its binding to, if not the organization itself: one of the
     * manifests, or another organization of that binding; of several the first by name.
     */
    Optional<BindingLookup.Foreign> otherOwner(ResourceKey organization, ResourceKey secret) {
        if (secrets.containsKey(secret)) {
            return Optional.of(BindingLookup.Foreign.unknown());
        }
        return organizations.headMap(organization)
                .entrySet()
                .stream()
                .filter(other -> other.getKey().namespace().equals(secret.namespace())
                        && OrganizationPlan.bindingName(other.getValue()).equals(secret.name()))
                .map(other -> new BindingLookup.Foreign(Optional.of(other.getKey())))
                .findFirst();
    }

    SecretLookup secret(ResourceKey key) {
        ObjectNode secret = secrets.get(key);
        if (secret == null) {
            return new SecretLookup.Missing();
        }
        if (!isLabelled(secret, PostriderApi.CREDENTIALS_LABEL)) {
            return new SecretLookup.Unlabelled();
        }
        if (secret.has(Document.SOPS)) {
            // What is in it is known where it is decrypted, and not here.
            return new SecretLookup.Missing();
        }
        Map<String, String> data = new HashMap<>();
        secret.path("data")
                .properties()
                .forEach(entry -> data.put(entry.getKey(), decoded(entry.getValue().asText())));
        // stringData overwrites data (Secret, core/v1).
        secret.path("stringData").properties().forEach(entry -> data.put(entry.getKey(), entry.getValue().asText()));
        JsonNode hosts = secret.path("metadata").path("annotations").path(PostriderApi.HOSTS_ANNOTATION);
        return new SecretLookup.Found(Map.copyOf(data), Optional.ofNullable(hosts.textValue()));
    }

    ConfigMapLookup configMap(ResourceKey key) {
        ObjectNode configMap = configMaps.get(key);
        if (configMap == null) {
            return new ConfigMapLookup.Missing();
        }
        if (!isLabelled(configMap, PostriderApi.CERTIFICATE_AUTHORITIES_LABEL)) {
            return new ConfigMapLookup.Unlabelled();
        }
        Map<String, String> data = new HashMap<>();
        configMap.path("data").properties().forEach(entry -> data.put(entry.getKey(), entry.getValue().asText()));
        return new ConfigMapLookup.Found(Map.copyOf(data));
    }

    private static boolean isLabelled(ObjectNode resource, String label) {
        return resource.path("metadata").path("labels").path(label).asText().equals("true");
    }

    private static String decoded(String base64) {
        return new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
