package dev.postrider.gitops;

import com.fasterxml.jackson.databind.JsonNode;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LoadState;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.compiler.LuaC;
import org.luaj.vm2.lib.BaseLib;
import org.luaj.vm2.lib.PackageLib;
import org.luaj.vm2.lib.TableLib;

/**
 * A health check of Argo CD, with the libraries that Argo CD gives to one of {@code argocd-cm}: no strings, no files
 * (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/).
 */
final class LuaHealthCheck {
    private LuaHealthCheck() {}

    static Health of(JsonNode object, String script) {
        var globals = new Globals();
        globals.load(new BaseLib());
        globals.load(new PackageLib());
        globals.load(new TableLib());
        LoadState.install(globals);
        LuaC.install(globals);
        globals.set("obj", value(object));
        LuaValue health = globals.load(script, "health").call();
        return new Health(health.get("status").checkjstring(), health.get("message").checkjstring());
    }

    private static LuaValue value(JsonNode json) {
        return switch (json.getNodeType()) {
            case STRING -> LuaValue.valueOf(json.textValue());
            case BOOLEAN -> LuaValue.valueOf(json.booleanValue());
            case NUMBER -> LuaValue.valueOf(json.doubleValue());
            case ARRAY -> {
                var table = new LuaTable();
                json.forEach(item -> table.set(table.length() + 1, value(item)));
                yield table;
            }
            case OBJECT -> {
                var table = new LuaTable();
                json.properties().forEach(entry -> table.set(entry.getKey(), value(entry.getValue())));
                yield table;
            }
            default -> LuaValue.NIL;
        };
    }
}
