package dev.postrider.reply;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.postrider.route.ReplyRule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The rules that the program brings, in the file {@code rules.yaml} beside this class. */
final class ShippedRules {
    private ShippedRules() {}

    /**
     * What servers of one kind reply.
     *
     * @param provider whose servers
     * @param source   where they document it
     * @param rules    by name, in their order
     */
    record Group(String provider, String source, Map<String, ReplyRule> rules) {}

    /** @throws IllegalStateException if the file is not valid, which a test keeps from happening */
    static List<Group> groups() {
        var mapper = JsonMapper.builder().addModule(new Jdk8Module()).build();
        try (InputStream file = ShippedRules.class.getResourceAsStream("rules.yaml")) {
            if (file == null) {
                throw new IllegalStateException("rules.yaml is missing in the program");
            }
            // Jackson's own reader of YAML takes an alias for the name of its anchor.
            Object yaml = new Load(LoadSettings.builder().build()).loadFromInputStream(file);
            return mapper.convertValue(yaml, mapper.getTypeFactory().constructCollectionType(List.class, Group.class));
        } catch (IOException e) {
            throw new UncheckedIOException("rules.yaml cannot be read", e);
        }
    }

    static List<Rule> rules() {
        List<ReplyRule> declared = groups().stream().flatMap(group -> group.rules().values().stream()).toList();
        List<RuleProblem> problems = new ArrayList<>();
        List<Rule> rules = RuleReader.read(declared, problems);
        if (!problems.isEmpty()) {
            throw new IllegalStateException("rules.yaml: " + problems);
        }
        return rules;
    }
}
