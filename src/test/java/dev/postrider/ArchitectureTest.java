package dev.postrider;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
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
            .layer("reply")
            .definedBy("dev.postrider.reply..")
            .layer("message")
            .definedBy("dev.postrider.message..")
            .layer("transport")
            .definedBy("dev.postrider.transport..")
            .layer("notice")
            .definedBy("dev.postrider.notice..")
            .layer("reconcile")
            .definedBy("dev.postrider.reconcile..")
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
            .mayOnlyAccessLayers("api", "route", "reply")
            .whereLayer("reply")
            .mayOnlyAccessLayers("route")
            .whereLayer("message")
            .mayOnlyAccessLayers("route", "reply")
            .whereLayer("transport")
            .mayOnlyAccessLayers("route", "reply", "message")
            .whereLayer("notice")
            .mayOnlyAccessLayers("api", "plan", "route", "message")
            .whereLayer("reconcile")
            .mayOnlyAccessLayers("api", "plan", "route", "transport")
            .whereLayer("relay")
            .mayOnlyAccessLayers("route", "reply", "message", "transport", "http", "access")
            .whereLayer("operator")
            .mayOnlyAccessLayers("api", "plan", "route", "reply", "message", "transport", "notice", "http", "access",
                    "reconcile")
            .whereLayer("local")
            .mayOnlyAccessLayers("api", "plan", "route", "reply", "message", "transport", "relay", "reconcile")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule THE_QUEUE_KNOWS_NO_TRANSPORT = ArchRuleDefinition.noClasses()
            .that()
            .resideInAPackage("dev.postrider.relay.queue..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.postrider.transport..");

    @ArchTest
    static final ArchRule MESSAGES_HAVE_NO_CYCLES = layeredArchitecture().consideringOnlyDependenciesInLayers()
            .layer("words")
            .definedBy("dev.postrider.message")
            .layer("header")
            .definedBy("dev.postrider.message.header")
            .layer("change")
            .definedBy("dev.postrider.message.change")
            .layer("dkim")
            .definedBy("dev.postrider.message.dkim")
            .whereLayer("words")
            .mayNotAccessAnyLayer()
            .whereLayer("header")
            .mayOnlyAccessLayers("words")
            .whereLayer("change")
            .mayOnlyAccessLayers("words", "header")
            .whereLayer("dkim")
            .mayOnlyAccessLayers("words", "header", "change");

    @ArchTest
    static final ArchRule THE_OPERATOR_HAS_LAYERS = layeredArchitecture().consideringOnlyDependenciesInLayers()
            .layer("process")
            .definedBy("dev.postrider.operator")
            .layer("kit")
            .definedBy("dev.postrider.operator.kit")
            .layer("installation")
            .definedBy("dev.postrider.operator.installation")
            .layer("mailserver")
            .definedBy("dev.postrider.operator.mailserver")
            .layer("notice")
            .definedBy("dev.postrider.operator.notice")
            .layer("organization")
            .definedBy("dev.postrider.operator.organization")
            .layer("relay")
            .definedBy("dev.postrider.operator.relay")
            .whereLayer("kit")
            .mayNotAccessAnyLayer()
            .whereLayer("installation")
            .mayOnlyAccessLayers("kit")
            .whereLayer("mailserver")
            .mayOnlyAccessLayers("kit", "installation")
            .whereLayer("notice")
            .mayOnlyAccessLayers("kit", "installation")
            .whereLayer("organization")
            .mayOnlyAccessLayers("kit", "installation")
            .whereLayer("relay")
            .mayOnlyAccessLayers("kit", "installation")
            .whereLayer("process")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule PACKAGES_HAVE_NO_CYCLES = SlicesRuleDefinition.slices()
            .matching("dev.postrider.(**)")
            .should()
            .beFreeOfCycles();

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
