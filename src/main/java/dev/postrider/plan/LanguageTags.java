package dev.postrider.plan;

import java.util.Arrays;
import java.util.IllformedLocaleException;
import java.util.Locale;
import java.util.Set;

/** Whether a text names a language (BCP 47). */
public final class LanguageTags {
    private static final Set<String> TWO_LETTERS = Set.copyOf(Arrays.asList(Locale.getISOLanguages()));

    private LanguageTags() {}

    /** Whether the tag is well-formed, and its language one of ISO 639. */
    public static boolean isLanguage(String tag) {
        try {
            String language = new Locale.Builder().setLanguageTag(tag).build().getLanguage();
            return language.length() == 2
                    ? TWO_LETTERS.contains(language)
                    : language.length() == 3
                            && !Locale.of(language).getDisplayLanguage(Locale.ENGLISH).equals(language);
        } catch (IllformedLocaleException e) {
            return false;
        }
    }
}
