package dev.postrider.relay.links;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("upstreams")
final class FileNameTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            report.pdf                        | report.pdf
            `  my  report.pdf `               | my  report.pdf
            ../../etc/passwd                  | passwd
            C:\\\\Users\\\\kim\\\\a.txt           | a.txt
            .htaccess                         | htaccess
            ..                                | attachment
            ``                                | attachment
            a\\r\\nSet-Cookie: b=c.pdf        | aSet-Cookie: b=c.pdf
            a\\u0000b.pdf                     | ab.pdf
            ann\\u202Efdp.exe                 | annfdp.exe
            \\u2066x\\u2069\\u200F.pdf         | x.pdf
            דוח شهري.pdf                       | דוח شهري.pdf
            報告書.pdf                          | 報告書.pdf
            e\\u0301te\\u0301.pdf             | été.pdf
            😀.png                             | 😀.png
            \\uD83D.png                       | png
            """)
    void isShownWithoutWhatDeceives(String name, String shown) {
        assertThat(FileName.clean(unescaped(name), "attachment")).isEqualTo(shown);
    }

    @Test
    void keepsItsExtensionWhenItIsCut() {
        assertThat(FileName.clean("😀".repeat(300) + ".tar.gz", "attachment")).isEqualTo("😀".repeat(197) + ".gz");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            report.pdf   | report.pdf          | attachment; filename="report.pdf"; filename*=UTF-8''report.pdf
            my report    | my%20report         | attachment; filename="my report"; filename*=UTF-8''my%20report
            a"b\\\\c%d'e;f | a%22b%5Cc%25d%27e%3Bf | attachment; filename="a_b_c_d'e;f"; filename*=UTF-8''a%22b%5Cc%25d%27e%3Bf
            été          | %C3%A9t%C3%A9       | attachment; filename="_t_"; filename*=UTF-8''%C3%A9t%C3%A9
            ?#[]@        | %3F%23%5B%5D%40     | attachment; filename="?#[]@"; filename*=UTF-8''%3F#%5B%5D%40
            """)
    void isEncodedForPathsAndHeaders(String name, String segment, String disposition) {
        assertThat(FileName.asPathSegment(unescaped(name))).isEqualTo(segment);
        assertThat(FileName.asAttachment(unescaped(name))).isEqualTo(disposition);
    }

    private static String unescaped(String text) {
        return java.util.regex.Pattern.compile("\\\\u([0-9A-F]{4})")
                .matcher(text)
                .replaceAll(found -> java.util.regex.Matcher
                        .quoteReplacement(String.valueOf((char) Integer.parseInt(found.group(1), 16))))
                .replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\\\", "\\");
    }
}
