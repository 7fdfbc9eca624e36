package dev.postrider.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.api.Condition;
import dev.postrider.api.ConditionType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/gitops.md: any order works, so what is not there yet makes nothing Stalled. */
@Tag("promises")
final class AnyOrderTest {

    @ParameterizedTest
    @MethodSource("dev.postrider.plan.PlanGoldenTest#cases")
    void whatIsNotThereYetStallsNobody(Path folder) throws Exception {
        whatIsNotThereYetStallsNobody(GoldenWorld.documents(Files.readString(folder.resolve("in.yaml"))));
    }

    @Test
    void aLicenseMayComeBeforeWhatItNames() {
        whatIsNotThereYetStallsNobody(GoldenWorld.documents("""
                kind: OrganizationMailSettings
                metadata: {name: acme, namespace: acme, generation: 1}
                spec: {identity: {from: {address: no-reply@acme.example}}}
                ---
                kind: Secret
                metadata: {name: license, namespace: acme, labels: {postrider.dev/credentials: "true"}}
                stringData: {until: "2027-06-30"}
                ---
                kind: LicenseExpiryNotice
                metadata: {name: suite, namespace: acme, generation: 1}
                spec:
                  organizationRef: {name: acme}
                  license: {name: Suite, expiryFrom: {secretRef: {name: license}, key: until}}
                  daysBefore: 30
                """));
    }

    private static void whatIsNotThereYetStallsNobody(List<String> documents) {
        Set<String> stalled = stalled(documents);
        for (int i = 0; i < documents.size(); i++) {
            List<String> fewer = new ArrayList<>(documents);
            String late = fewer.remove(i);
            if (late.contains("kind: World")) {
                continue;
            }
            assertThat(stalled(fewer)).as("stalled though only late: " + late).isSubsetOf(stalled);
        }
    }

    private static Set<String> stalled(List<String> documents) {
        GoldenWorld world = new GoldenWorld(String.join("---\n", documents));
        Set<String> stalled = new TreeSet<>();
        world.converge();
        world.servers.forEach((key, server) -> add("MailServer " + key, server.getStatus().conditions(), stalled));
        world.organizations.forEach((key, organization) -> add("OrganizationMailSettings " + key,
                organization.getStatus().conditions(), stalled));
        world.licenses.stream()
                .filter(license -> license.getSpec() != null)
                .forEach(license -> add("LicenseExpiryNotice " + license.getMetadata().getName(),
                        LicenseNoticePlan.of(license, world, NoticeNews.none()).status().conditions(), stalled));
        return stalled;
    }

    private static void add(String who, @Nullable List<Condition> conditions, Set<String> stalled) {
        Conditions.find(conditions, ConditionType.Stalled).ifPresent(_ -> stalled.add(who));
    }
}
