package dev.postrider;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;

/** Holds the arrows between the packages that docs/architecture.md draws. */
@AnalyzeClasses(packages = "dev.postrider", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    @ArchTest
    static final ArchRule ARROWS = layeredArchitecture().consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("api")
            .definedBy("dev.postrider.api..")
            .layer("route")
            .definedBy("dev.postrider.route..")
            .layer("http")
            .definedBy("dev.postrider.http..")
            .layer("access")
            .definedBy("dev.postrider.access..")
            .layer("plan")
            .definedBy("dev.postrider.plan..")
            .layer("transport")
            .definedBy("dev.postrider.transport..")
            .layer("notice")
            .definedBy("dev.postrider.notice..")
            .layer("relay")
            .definedBy("dev.postrider.relay..")
            .layer("operator")
            .definedBy("dev.postrider.operator..")
            .layer("local")
            .definedBy("dev.postrider.local..")
            .layer("cli")
            .definedBy("dev.postrider.cli..")
            .whereLayer("api")
            .mayNotAccessAnyLayer()
            .whereLayer("route")
            .mayNotAccessAnyLayer()
            .whereLayer("http")
            .mayNotAccessAnyLayer()
            .whereLayer("access")
            .mayOnlyAccessLayers("http", "route")
            .whereLayer("plan")
            .mayOnlyAccessLayers("api", "route")
            .whereLayer("transport")
            .mayOnlyAccessLayers("route")
            .whereLayer("notice")
            .mayOnlyAccessLayers("api", "plan", "route", "transport")
            .whereLayer("relay")
            .mayOnlyAccessLayers("route", "transport", "http", "access")
            .whereLayer("operator")
            .mayOnlyAccessLayers("api", "plan", "route", "transport", "notice", "http", "access")
            .whereLayer("local")
            .mayOnlyAccessLayers("api", "plan", "route", "transport", "relay")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule ONLY_THE_COMMAND_LINE_PRINTS = ArchRuleDefinition.noClasses()
            .that()
            .resideOutsideOfPackage("dev.postrider.cli..")
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule THE_PLAN_IS_PURE = ArchRuleDefinition.noClasses()
            .that()
            .resideInAPackage("dev.postrider.plan..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8.kubernetes.client.dsl..", "io.javaoperatorsdk..", "java.nio.file..",
                    "java.net.http..");
}
