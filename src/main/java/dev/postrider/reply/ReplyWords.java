package dev.postrider.reply;

import com.google.re2j.Pattern;
import java.util.Locale;

/**
 * The words of a reply that rules look into: without its codes, and without addresses, which whoever sends the mail
 * chooses, and could put words of a rule into.
 *
 * @param text       the words, addresses replaced by {@code <>}
 * @param lowerCased the same in lower case
 */
record ReplyWords(String text, String lowerCased) {
    /** What stands further behind is not looked at, so that what a rule costs is bounded. */
    private static final int MOST = 500;
    private static final Pattern ADDRESS = Pattern.compile("<[^<>]*>|\"[^\"]*\"@[^\\s<>]*|[^\\s<>]*@[^\\s<>]*");

    static ReplyWords of(Reply reply) {
        String words = reply.text();
        if (reply.isSmtp()) {
            words = after(words, String.valueOf(reply.code()));
            words = after(words, reply.enhanced().orElse(""));
        }
        words = words.substring(0, Math.min(words.length(), MOST));
        if (words.indexOf('@') >= 0 || words.indexOf('<') >= 0) {
            words = ADDRESS.matcher(words).replaceAll("<>");
        }
        return new ReplyWords(words, words.toLowerCase(Locale.ROOT));
    }

    private static String after(String text, String start) {
        return text.startsWith(start) ? text.substring(start.length()).stripLeading() : text;
    }
}
