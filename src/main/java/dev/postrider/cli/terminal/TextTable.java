package dev.postrider.cli.terminal;

import java.util.List;

/** Columns of text as kubectl prints them. */
public final class TextTable {
    private static final String GAP = "   ";

    private TextTable() {}

    /**
     * With a heading, and colours for what is True and False.
     *
     * @param rows the first is the heading
     */
    public static String format(List<List<String>> rows, Terminal terminal) {
        int[] widths = widths(rows);
        StringBuilder table = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = rows.get(r).get(i);
                String padded = padded(cell, i, widths);
                line.append(r == 0 ? padded : painted(cell, padded, terminal));
            }
            table.append(r == 0 ? terminal.strong(line.toString().stripTrailing()) : line.toString().stripTrailing())
                    .append('\n');
        }
        return table.toString();
    }

    /**
     * Numbers beside the names in the first column, so that their digits stand below each other.
     *
     * @param rows the first is the heading
     */
    public static String numbers(List<List<String>> rows, Terminal terminal) {
        int[] widths = widths(rows);
        StringBuilder table = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            List<String> row = rows.get(r);
            StringBuilder line = new StringBuilder(row.getFirst()).append(spaces(row.getFirst(), widths[0]));
            for (int i = 1; i < widths.length; i++) {
                line.append(GAP).append(spaces(row.get(i), widths[i])).append(row.get(i));
            }
            table.append(r == 0 ? terminal.strong(line.toString()) : line).append('\n');
        }
        return table.toString();
    }

    private static String spaces(String cell, int width) {
        return " ".repeat(width - cell.length());
    }

    /** Without heading and colours. */
    public static String plain(List<List<String>> rows) {
        int[] widths = widths(rows);
        StringBuilder table = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(padded(row.get(i), i, widths));
            }
            table.append(line.toString().stripTrailing()).append('\n');
        }
        return table.toString();
    }

    private static int[] widths(List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        return widths;
    }

    private static String padded(String cell, int column, int[] widths) {
        return column == widths.length - 1 ? cell : cell + spaces(cell, widths[column]) + GAP;
    }

    private static String painted(String cell, String padded, Terminal terminal) {
        return switch (cell) {
            case "True" -> terminal.good(padded);
            case "False" -> terminal.bad(padded);
            case "Unknown" -> terminal.waiting(padded);
            default -> padded;
        };
    }
}
