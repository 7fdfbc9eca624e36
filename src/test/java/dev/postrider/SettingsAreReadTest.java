package dev.postrider;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Whatever a person may set is read: each field of a resource's spec, each setting of the operator, each field of a
 * route and each setting of the relay is asked for by code outside of the class that holds it.
 */
@ArchTag("promises")
@AnalyzeClasses(packages = "dev.postrider", importOptions = ImportOption.DoNotIncludeTests.class)
final class SettingsAreReadTest {
    private static final Set<String> OF_EVERY_RECORD = Set.of("equals", "hashCode", "toString");

    @ArchTest
    static void byCodeOutsideOfTheClassThatHoldsThem(JavaClasses classes) {
        Set<String> unread = new TreeSet<>();
        int components = 0;
        for (JavaClass holder : classes) {
            if (holder.isRecord() && isOfSettings(holder)) {
                for (JavaMethod accessor : accessors(holder)) {
                    components++;
                    if (!isRead(holder, accessor) && !isColumn(classes, holder, accessor)) {
                        unread.add(holder.getName().substring("dev.postrider.".length()) + "." + accessor.getName());
                    }
                }
            }
        }

        assertThat(components).isGreaterThan(300);
        assertThat(unread).isEmpty();
    }

    private static boolean isOfSettings(JavaClass holder) {
        String outermost = outermost(holder);
        return switch (holder.getPackageName().substring("dev.postrider.".length())) {
            // A status is for people to read, and so is what conditions mean.
            case "api" -> !outermost.endsWith("Status") && !outermost.endsWith(".Observations");
            case "route" -> true;
            default -> outermost.endsWith("Settings") || outermost.endsWith(".Exposure");
        };
    }

    private static String outermost(JavaClass of) {
        String name = of.getName();
        return name.contains("$") ? name.substring(0, name.indexOf('$')) : name;
    }

    private static List<JavaMethod> accessors(JavaClass holder) {
        return holder.getFields()
                .stream()
                .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
                .map(field -> holder.getMethod(field.getName()))
                .toList();
    }

    /** Whether kubectl shows it in a list. */
    private static boolean isColumn(JavaClasses classes, JavaClass holder, JavaMethod accessor) {
        String kind = holder.getName().replaceFirst("Spec$", "");
        return classes.contain(kind) && Arrays
                .stream(classes.get(kind).reflect().getAnnotationsByType(AdditionalPrinterColumn.class))
                .anyMatch(column -> column.jsonPath().equals(".spec." + accessor.getName()));
    }

    private static boolean isRead(JavaClass holder, JavaMethod accessor) {
        return isUsed(accessor, new HashSet<>())
                || holder.getField(accessor.getName())
                        .getAccessesToSelf()
                        .stream()
                        .map(JavaAccess::getOrigin)
                        .anyMatch(reader -> !reader.equals(accessor) && isUsed(reader, new HashSet<>()));
    }

    /** Whether code of other files uses this, or code of its own file that is used. */
    private static boolean isUsed(JavaCodeUnit unit, Set<JavaCodeUnit> seen) {
        if (OF_EVERY_RECORD.contains(unit.getName()) || unit.isConstructor() || !seen.add(unit)) {
            return false;
        }
        return uses(unit).anyMatch(user -> !outermost(user.getOwner()).equals(outermost(unit.getOwner()))
                || isUsed(user, seen));
    }

    private static Stream<JavaCodeUnit> uses(JavaCodeUnit unit) {
        String[] parameters = unit.getRawParameterTypes().stream().map(JavaClass::getName).toArray(String[]::new);
        return Stream.concat(Stream.of(unit.getOwner()), unit.getOwner().getAllRawInterfaces().stream())
                .flatMap(type -> type.tryGetMethod(unit.getName(), parameters).stream())
                .flatMap(method -> Stream.concat(method.getCallsOfSelf().stream(),
                        method.getReferencesToSelf().stream()))
                .map(JavaAccess::getOrigin);
    }
}
