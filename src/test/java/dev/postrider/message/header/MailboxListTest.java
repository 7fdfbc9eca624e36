package dev.postrider.message.header;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names before an address: a control character that some program would find in them is found here. */
@Tag("isolation")
final class MailboxListTest {
    @ParameterizedTest
    // @formatter:off
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            =?utf-8?q?J=C3=B6rg?=                             ~ true
            =?utf-8?Q?a_b?= =?ISO-8859-1?B?SvZyZw==?=         ~ true
            =?us-ascii*en?q?Joe?=                             ~ true
            =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=                ~ true
            =?windows-1252?q?a=80b?=                          ~ true
            "Joe =? Inc."                                     ~ true
            "a \\"b\\" c"                                     ~ true
            =?utf-8?q?a=0Ab?=                                 ~ false
            =?x-foo?q?a=0Ab?=                                 ~ false
            =?x-foo?q?ab?=                                    ~ false
            =?utf-7?q?a+AAo-b?=                               ~ false
            =?unicode-1-1-utf-7?q?a+AAo-b?=                   ~ false
            =?utf-16be?b?AGEACgBi?=                           ~ false
            =?us-ascii*en?q?a=0Db?=                           ~ false
            =?iso-8859-1?q?a=85b?=                            ~ false
            "=?utf-8?q?a=0Ab?="                               ~ false
            "x=?utf-8?q?a=0Ab?=y"                             ~ false
            "=?utf-8?q?a=0A\\b?\\="                           ~ false
            "=?utf-8?q?a b=0A?="                              ~ false
            "=?utf-8?q?a?b=0A?="                              ~ false
            x=?utf-8?q?a=0Ab?=y                               ~ false
            "=?utf-8?q?a?==?utf-8?q?=0A?="                    ~ false
            =?utf-8?b?YQpi?=                                  ~ false
            "=?utf-8?b?YQ pi?="                               ~ false
            =?utf-8?q? =?utf-8?b?YQpi?=                       ~ false
            a=?utf-8?q?b=?utf-8?q?c=0Ad?=                     ~ false
            """)
    // @formatter:on
    void aNameIsReadOnlyIfNoProgramFindsAControlCharacterInIt(String name, boolean readable) {
        byte[] field = (" " + name + " <a@acme.example>\r\n").getBytes(StandardCharsets.UTF_8);
        assertThat(MailboxList.parse(field).isPresent()).isEqualTo(readable);
    }
}
