package dev.postrider.plan.binding;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.MustacheException;
import com.samskivert.mustache.Template;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text of an entry that an organization has made up itself: a template of Mustache (mustache(5)) over a few texts,
 * in which it can neither reach an object nor take in another template, and nothing is done twice.
 */
public final class OwnEntry {
    /** How many characters a template has at most. */
    public static final int MOST_CHARACTERS = 4096;

    /** How many characters come of it at most. */
    public static final int MOST_RESULT = 65_536;

    /** What a key of a Secret may be. */
    private static final Pattern KEY = Pattern.compile("[-._a-zA-Z0-9]{1,253}");

    /** Tags that Mustache knows and a template may not have: other delimiters, partials, inheritance, nothing. */
    private static final Pattern REFUSED = Pattern.compile("\\{\\{\\s*([=><$]|\\{?\\s*}})");

    private static final Mustache.Compiler COMPILER = Mustache.compiler()
            .withCollector(new TextsAlone())
            .emptyStringIsFalse(true)
            .escapeHTML(false);

    private OwnEntry() {}

    /** What a template may name; what an account lacks is an empty text. */
    public static Map<String, String> variables(MailAccount account) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("host", account.host());
        variables.put("port", Integer.toString(account.port()));
        variables.put("username", account.username());
        variables.put("password", account.password());
        variables.put("uri", account.uri());
        variables.put("from", account.from().address());
        variables.put("from-name", account.from().name().orElse(""));
        variables.put("reply-to", account.replyTo().map(a -> a.address()).orElse(""));
        variables.put("reply-to-name", account.replyTo().flatMap(a -> a.name()).orElse(""));
        variables.put("envelope-from", account.envelopeFrom().orElse(""));
        variables.put("ca", account.caCertificate().orElse(""));
        variables.put("ca-file", account.caFile().orElse(""));
        variables.put("mount-path", account.mountPath());
        return variables;
    }

    /** What is wrong with the key or the template; empty when nothing is. */
    public static Optional<String> problem(String key, String template, MailAccount account) {
        if (!KEY.matcher(key).matches() || key.startsWith("..") || key.equals(".")) {
            return Optional.of("is no key of a Secret; write letters, digits, \"-\", \"_\" and \".\", at most 253");
        }
        if (template.length() > MOST_CHARACTERS) {
            return Optional
                    .of("has %d characters; at most %d are allowed".formatted(template.length(), MOST_CHARACTERS));
        }
        Matcher refused = REFUSED.matcher(template);
        if (refused.find()) {
            return Optional.of(refusal(refused.group(1)));
        }
        try {
            Template compiled = COMPILER.compile(template);
            Map<String, String> variables = variables(account);
            Names names = new Names(variables);
            compiled.visit(names);
            if (names.problem != null) {
                return Optional.of(names.problem);
            }
            execute(compiled, variables);
            return Optional.empty();
        } catch (TooLongException e) {
            return Optional.of("comes to more than %d characters".formatted(MOST_RESULT));
        } catch (MustacheException e) {
            return Optional.of("is no template: " + e.getMessage());
        }
    }

    /**
     * What stands in the entry.
     *
     * @throws IllegalArgumentException if {@link #problem} says that something is wrong
     */
    public static String text(String template, MailAccount account) {
        try {
            return execute(COMPILER.compile(template), variables(account));
        } catch (MustacheException | TooLongException e) {
            throw new IllegalArgumentException("a template that was not checked", e);
        }
    }

    private static String execute(Template template, Map<String, String> variables) {
        Bounded out = new Bounded();
        template.execute(variables, out);
        return out.toString();
    }

    private static String refusal(String sigil) {
        return switch (sigil) {
            case "=" -> "may not change the delimiters ({{=)";
            case ">" -> "may not take in another template ({{>); write it out";
            case "<", "$" -> "may not inherit from another template ({{%s); write it out".formatted(sigil);
            default -> "has a tag with nothing in it";
        };
    }

    /** Looks at the names of all tags, those too that a condition would pass over. */
    private static final class Names implements Mustache.Visitor {
        private final Map<String, String> variables;
        private @Nullable String problem;

        Names(Map<String, String> variables) {
            this.variables = variables;
        }

        @Override
        public void visitText(String text) {
            if (text.contains("{{")) {
                report("has a {{ without its }}");
            }
        }

        @Override
        public void visitVariable(String name) {
            if (!variables.containsKey(name)) {
                report("knows no \"%s\"; there are %s".formatted(name, String.join(", ", variables.keySet())));
            }
        }

        @Override
        public boolean visitSection(String name) {
            visitVariable(name);
            return problem == null;
        }

        @Override
        public boolean visitInvertedSection(String name) {
            return visitSection(name);
        }

        @Override
        public boolean visitInclude(String name) {
            report(refusal(">"));
            return false;
        }

        private void report(String found) {
            if (problem == null) {
                problem = found;
            }
        }
    }

    /** Finds texts by their names in a map and nothing in anything else: no methods, no fields, no lists. */
    private static final class TextsAlone implements Mustache.Collector {
        @Override
        public java.util.@Nullable Iterator<?> toIterator(Object value) {
            return null;
        }

        @Override
        public Mustache.@Nullable VariableFetcher createFetcher(Object context, String name) {
            return context instanceof Map<?, ?> ? TextsAlone::entry : (_, _) -> Template.NO_FETCHER_FOUND;
        }

        private static Object entry(Object context, String name) {
            return ((Map<?, ?>) context).get(name) instanceof String text ? text : Template.NO_FETCHER_FOUND;
        }

        @Override
        public <K, V> Map<K, V> createFetcherCache() {
            return new HashMap<>();
        }
    }

    /** Takes no more than it should. */
    private static final class Bounded extends StringWriter {
        @Override
        public void write(String text) {
            if (getBuffer().length() + text.length() > MOST_RESULT) {
                throw new TooLongException();
            }
            super.write(text);
        }
    }

    /** More came of a template than may. */
    private static final class TooLongException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }
}
