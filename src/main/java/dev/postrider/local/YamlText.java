package dev.postrider.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.ConstructNode;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;
import org.snakeyaml.engine.v2.schema.Schema;

/**
 * The documents of a YAML or JSON text, each with the line of every entry. What cannot be read is an error with its
 * line; the other documents of the text are read all the same.
 */
final class YamlText {
    /** What anchors and aliases may grow a document to, so that a small file cannot fill the memory. */
    private static final int MAX_NODES = 100_000;
    private static final Tag PLAIN = new Tag("!plain");
    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setSchema(new PlainScalarsUnresolved())
            .setAllowDuplicateKeys(true)
            .build();

    /** A document that is not empty. */
    record Tree(int line, JsonNode json, Map<String, Integer> lines) {}

    /**
     * Something that is no YAML, or no YAML that Kubernetes takes.
     *
     * @param pointer where, if that is known; else empty
     */
    record SyntaxError(int line, String pointer, String message) {}

    private final List<Tree> trees = new ArrayList<>();
    private final List<SyntaxError> errors = new ArrayList<>();
    private Map<String, Integer> lines = new HashMap<>();
    private int firstLine = 1;
    private int nodes;

    YamlText(String text) {
        StringBuilder chunk = new StringBuilder();
        int line = 0;
        // A line that starts with --- ends a document whatever stands before it (YAML 1.2 section 9.1.2), so that an
        // error in one document need not hide the next.
        for (String content : (Iterable<String>) text.lines()::iterator) {
            line++;
            if (content.startsWith("---") && (content.length() == 3 || Character.isWhitespace(content.charAt(3)))) {
                read(chunk.toString());
                chunk.setLength(0);
                firstLine = line;
            }
            chunk.append(content).append('\n');
        }
        read(chunk.toString());
    }

    List<Tree> trees() {
        return List.copyOf(trees);
    }

    List<SyntaxError> errors() {
        return List.copyOf(errors);
    }

    private void read(String chunk) {
        try {
            for (Node node : new Compose(SETTINGS).composeAllFromString(chunk)) {
                lines = new HashMap<>();
                nodes = 0;
                JsonNode json = json(node, "", Collections.newSetFromMap(new IdentityHashMap<>()));
                if (!json.isNull()) {
                    trees.add(new Tree(line(node), json, Map.copyOf(lines)));
                }
            }
        } catch (MarkedYamlEngineException e) {
            errors.add(new SyntaxError(e.getProblemMark().map(this::line).orElse(firstLine), "",
                    "not YAML: " + withoutContent(e.getProblem())));
        } catch (YamlEngineException e) {
            errors.add(new SyntaxError(firstLine, "", "not YAML: " + withoutContent(String.valueOf(e.getMessage()))));
        } catch (TooLarge e) {
            errors.add(new SyntaxError(firstLine, "",
                    "aliases make this document larger than " + MAX_NODES + " entries; write it out in parts"));
        }
    }

    /** A password may well begin with * or !, and must not show because its file cannot be read. */
    private static String withoutContent(String problem) {
        String text = problem.lines().findFirst().orElse("");
        for (String quoting : List.of("undefined alias", "undefined tag handle", "duplicate anchor")) {
            int at = text.indexOf(quoting);
            if (at >= 0) {
                return text.substring(0, at + quoting.length()) + "; quote a text that starts with *, & or !";
            }
        }
        return text;
    }

    private JsonNode json(Node node, String pointer, Set<Node> above) {
        if (++nodes > MAX_NODES || !above.add(node)) {
            throw new TooLarge();
        }
        lines.putIfAbsent(pointer, line(node));
        JsonNode json = switch (node) {
            case ScalarNode scalar -> scalar(scalar);
            case SequenceNode sequence -> array(sequence, pointer, above);
            case MappingNode mapping -> object(mapping, pointer, above);
            default -> NullNode.getInstance();
        };
        above.remove(node);
        return json;
    }

    private static JsonNode scalar(ScalarNode node) {
        return node.getTag().equals(PLAIN) || node.getTag().equals(Tag.INT)
                || node.getTag().equals(Tag.BOOL)
                || node.getTag().equals(Tag.FLOAT)
                || node.getTag().equals(Tag.NULL)
                        ? PlainScalar.read(node.getValue())
                        : TextNode.valueOf(node.getValue());
    }

    private ArrayNode array(SequenceNode sequence, String pointer, Set<Node> above) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Node item : sequence.getValue()) {
            array.add(json(item, pointer + "/" + array.size(), above));
        }
        return array;
    }

    private ObjectNode object(MappingNode mapping, String pointer, Set<Node> above) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        List<ObjectNode> merged = new ArrayList<>();
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                errors.add(new SyntaxError(line(entry.getKeyNode()), pointer, "a key must be a text"));
                continue;
            }
            String name = scalar(key).asText();
            String at = Field.pointer(pointer, name);
            if (key.getTag().equals(PLAIN) && name.equals("<<")) {
                JsonNode value = json(entry.getValueNode(), pointer, above);
                (value.isArray() ? value : List.of(value)).forEach(part -> {
                    if (part instanceof ObjectNode other) {
                        merged.add(other);
                    }
                });
                continue;
            }
            if (object.has(name)) {
                errors.add(new SyntaxError(line(key), at, "there twice, first in line " + lines.get(at)));
                continue;
            }
            lines.put(at, line(key));
            object.set(name, json(entry.getValueNode(), at, above));
        }
        for (ObjectNode other : merged) {
            other.properties().forEach(entry -> object.putIfAbsent(entry.getKey(), entry.getValue()));
        }
        return object;
    }

    private int line(Node node) {
        return node.getStartMark().map(this::line).orElse(firstLine);
    }

    private int line(Mark mark) {
        return firstLine + mark.getLine();
    }

    private static final class TooLarge extends RuntimeException {
        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    /** Leaves scalars without quotes as they are, since the types of YAML 1.2 are not those of Kubernetes. */
    private static final class PlainScalarsUnresolved implements Schema {
        @Override
        public ScalarResolver getScalarResolver() {
            return (value, plain) -> plain ? PLAIN : Tag.STR;
        }

        @Override
        public Map<Tag, ConstructNode> getSchemaTagConstructors() {
            return Map.of();
        }
    }
}
