package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The kinds that manifests are checked for, with the schemas that the API server has of them. */
final class Kinds {
    static final String SECRET = "Secret";
    static final String CONFIG_MAP = "ConfigMap";
    static final String MAIL_SERVER = "MailServer";
    static final String ORGANIZATION = "OrganizationMailSettings";
    static final String LICENSE_NOTICE = "LicenseExpiryNotice";
    static final String API_VERSION = "postrider.dev/v1alpha1";

    private final Map<String, KindSchema> schemas = new TreeMap<>();

    Kinds() {
        ObjectNode kubernetes = resource("kubernetes.yaml");
        ObjectNode metadata = (ObjectNode) kubernetes.get("metadata");
        schemas.put(SECRET, new KindSchema((ObjectNode) kubernetes.get("secret"), metadata, true));
        schemas.put(CONFIG_MAP, new KindSchema((ObjectNode) kubernetes.get("configMap"), metadata, false));
        for (String plural : List.of("licenseexpirynotices", "mailservers", "organizationmailsettings")) {
            ObjectNode definition = resource("/dev/postrider/crds/" + plural + ".postrider.dev.yaml");
            JsonNode schema = definition.at("/spec/versions/0/schema/openAPIV3Schema");
            schemas.put(definition.at("/spec/names/kind").asText(),
                    new KindSchema((ObjectNode) schema, metadata, false));
        }
    }

    /** The schema that a document must keep to; empty when it is none of Postrider's business. */
    Optional<KindSchema> schemaOf(Document document) {
        String expected = isKubernetes(document.kind()) ? "v1" : API_VERSION;
        return document.apiVersion().equals(expected)
                ? Optional.ofNullable(schemas.get(document.kind()))
                : Optional.empty();
    }

    /** The names of Postrider's own kinds. */
    List<String> own() {
        return schemas.keySet().stream().filter(kind -> !isKubernetes(kind)).toList();
    }

    private static boolean isKubernetes(String kind) {
        return kind.equals(SECRET) || kind.equals(CONFIG_MAP);
    }

    private static ObjectNode resource(String name) {
        try (InputStream in = Kinds.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the program is incomplete: " + name + " is missing in it");
            }
            YamlText text = new YamlText(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            return (ObjectNode) text.trees().getFirst().json();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
