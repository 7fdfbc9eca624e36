package dev.postrider.relay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postrider.relay.SupportMail.File;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.SystemInformation;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What mail to support has attached: the same for people and for programs.
 *
 * @param organization whose it is
 * @param information  from its route
 * @param messages     of the organization that are queued
 * @param octets       of these
 * @param now          when it was asked
 */
record SupportFiles(ResourceKey organization, SystemInformation information, long messages, long octets, Instant now) {
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** The files, text first. */
    List<File> files() {
        return List.of(
                new File("system-information.txt", "text/plain; charset=utf-8",
                        text()),
                new File("system-information.json", "application/json", json()));
    }

    private static String version() {
        return Optional.ofNullable(SupportFiles.class.getPackage().getImplementationVersion()).orElse("development");
    }

    private String time() {
        return now.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    String json() {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("time", time()).put("organization", organization.toString());
        root.putObject("versions").put("postrider", version()).put("java", Runtime.version().toString());
        var licenses = root.putArray("licenses");
        information.licenses()
                .forEach(license -> licenses.addObject()
                        .put("name", license.name())
                        .put("expiryDate", license.expiryDate())
                        .put("timeZone", license.timeZone())
                        .put("daysLeft", license.daysLeft(now)));
        var servers = root.putArray("mailServers");
        information.servers()
                .forEach(server -> servers.addObject()
                        .put("name", server.name())
                        .put("ready", server.ready())
                        .put("reason", server.reason()));
        root.putObject("queue").put("messages", messages).put("octets", octets);
        try {
            return MAPPER.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts and numbers has a JSON form", e);
        }
    }

    String text() {
        List<String> lines = new ArrayList<>(List.of("Organization: " + organization, "Time: " + time(),
                "Postrider: " + version(), "Java: " + Runtime.version(), "",
                information.licenses().isEmpty() ? "Licenses: none are known" : "Licenses:"));
        information.licenses()
                .forEach(license -> lines.add("  %s: expires on %s (%s), %s left".formatted(oneLine(license.name()),
                        license.expiryDate(), license.timeZone(), days(license.daysLeft(now)))));
        lines.addAll(List.of("", information.servers().isEmpty() ? "Mail servers: none" : "Mail servers:"));
        information.servers()
                .forEach(server -> lines
                        .add("  %s: Ready=%s, %s".formatted(server.name(), server.ready(), server.reason())));
        lines.addAll(List.of("", "Queue: %s, %d octets".formatted(
                messages == 1 ? "1 message" : messages + " messages", octets), ""));
        return String.join("\r\n", lines);
    }

    private static String days(int days) {
        return days == 1 ? "1 day" : days + " days";
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }
}
