package dev.postrider.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What can be told of a regular expression without running it.
 *
 * @param required plain words in lower case, one of which is in whatever the expression finds; empty if there are none.
 *                 To look for them is many times as quick as the expression
 * @param size     about how many steps its program has: counted repetitions are written out
 */
record PatternShape(List<String> required, long size) {

    /** Of one that RE2 takes. */
    static PatternShape of(String pattern) {
        var reader = new Reader(pattern);
        PatternShape shape = reader.all();
        return reader.unknown ? new PatternShape(List.of(), shape.size) : shape;
    }

    private int shortest() {
        return required.stream().mapToInt(String::length).min().orElse(0);
    }

    private static PatternShape better(PatternShape one, PatternShape other) {
        return other.shortest() > one.shortest() ? other : one;
    }

    private static final class Reader {
        private static final long LARGEST = 1_000_000;

        private final String pattern;
        private int at;
        private boolean unknown;

        Reader(String pattern) {
            this.pattern = pattern;
        }

        /** All of it: what stands behind a bracket that ends nothing counts too, should RE2 read it otherwise. */
        PatternShape all() {
            PatternShape shape = alternatives();
            long size = shape.size;
            while (at < pattern.length()) {
                unknown = true;
                at++;
                size += alternatives().size;
            }
            return new PatternShape(shape.required, Math.min(size, LARGEST));
        }

        /** Up to the end, or the bracket that ends the group. */
        PatternShape alternatives() {
            List<String> words = new ArrayList<>();
            boolean all = true;
            long size = 1;
            while (true) {
                PatternShape one = sequence();
                all &= !one.required.isEmpty();
                words.addAll(one.required);
                size += one.size;
                if (at >= pattern.length() || pattern.charAt(at) != '|') {
                    return new PatternShape(all ? List.copyOf(words) : List.of(), Math.min(size, LARGEST));
                }
                at++;
            }
        }

        private PatternShape sequence() {
            PatternShape best = new PatternShape(List.of(), 0);
            StringBuilder run = new StringBuilder();
            long size = 1;
            while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
                Optional<Character> plain = Optional.empty();
                PatternShape item = new PatternShape(List.of(), 1);
                char c = pattern.charAt(at++);
                switch (c) {
                    case '(' -> item = group();
                    case '[' -> skipClass();
                    case '\\' -> plain = escape();
                    case '.', '^', '$' -> {
                    }
                    default -> plain = Optional.of(c);
                }
                int most = 1;
                boolean optional = false;
                boolean repeated = false;
                while (at < pattern.length() && ("*+?".indexOf(pattern.charAt(at)) >= 0 || isCounted())) {
                    char how = pattern.charAt(at++);
                    repeated = true;
                    if (how == '{') {
                        int end = pattern.indexOf('}', at);
                        String counts = pattern.substring(at, end);
                        at = end + 1;
                        optional |= counts.startsWith("0");
                        most = Math.max(most, largest(counts));
                    } else {
                        optional |= how != '+';
                    }
                }
                size = Math.min(size + item.size * most, LARGEST);
                if (plain.isPresent() && !repeated) {
                    run.append(plain.get());
                    continue;
                }
                if (plain.isPresent() && !optional) {
                    run.append(plain.get());
                }
                best = better(best, word(run));
                if (!optional) {
                    best = better(best, item);
                }
            }
            return new PatternShape(better(best, word(run)).required, size);
        }

        private static PatternShape word(StringBuilder run) {
            String word = run.toString().toLowerCase(Locale.ROOT);
            run.setLength(0);
            return new PatternShape(word.isEmpty() ? List.of() : List.of(word), 0);
        }

        private static int largest(String counts) {
            int largest = 1;
            for (String count : counts.split(",", -1)) {
                if (count.chars().allMatch(Character::isDigit) && !count.isEmpty()) {
                    largest = Math.max(largest, count.length() > 4 ? 10_000 : Integer.parseInt(count));
                }
            }
            return largest;
        }

        private PatternShape group() {
            if (pattern.startsWith("?", at)) {
                while (at < pattern.length() && ":>)".indexOf(pattern.charAt(at)) < 0) {
                    at++;
                }
                if (pattern.startsWith(")", at)) {
                    at++;
                    return new PatternShape(List.of(), 0);
                }
                at++;
            }
            PatternShape inside = alternatives();
            at++;
            return inside;
        }

        /** Whether a repetition follows; other braces stand for themselves. */
        private boolean isCounted() {
            int next = at;
            boolean digits = false;
            if (pattern.charAt(next++) == '{') {
                while (next < pattern.length() && Character.isDigit(pattern.charAt(next))) {
                    digits = true;
                    next++;
                }
                if (next < pattern.length() && pattern.charAt(next) == ',') {
                    next++;
                    while (next < pattern.length() && Character.isDigit(pattern.charAt(next))) {
                        next++;
                    }
                }
            }
            return digits && next < pattern.length() && pattern.charAt(next) == '}';
        }

        private Optional<Character> escape() {
            char c = at < pattern.length() ? pattern.charAt(at++) : 'Q';
            if (c == 'Q') {
                // Up to there all stands for itself, brackets too.
                int end = pattern.indexOf("\\E", at);
                at = end < 0 ? pattern.length() : end + 2;
            }
            // What stands for other characters than the one itself, as \x41 or \Q, is not read here.
            unknown |= Character.isLetterOrDigit(c) && "bBdDsSwWAztnr".indexOf(c) < 0;
            return Character.isLetterOrDigit(c) ? Optional.empty() : Optional.of(c);
        }

        private void skipClass() {
            if (pattern.startsWith("^", at)) {
                at++;
            }
            // A bracket that comes first stands for itself.
            at += pattern.startsWith("\\", at) ? 2 : 1;
            while (at < pattern.length() && pattern.charAt(at) != ']') {
                at = pattern.startsWith("[:", at)
                        ? Math.max(at + 2, pattern.indexOf(":]", at) + 2)
                        : at + (pattern.charAt(at) == '\\' ? 2 : 1);
            }
            at++;
        }
    }
}
