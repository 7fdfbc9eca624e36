package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("organizations")
final class RelayLoginTest {

    @ParameterizedTest
    @CsvSource(delimiter = ';', nullValues = "-", textBlock = """
            user name                   ; organization    ; class             ; user
            orders.shop                 ; shop/orders     ; -                 ; -
            v1.orders.shop              ; shop/v1.orders  ; -                 ; -
            orders.shop+alerts          ; shop/orders     ; alerts            ; -
            orders.shop+Alerts          ; shop/orders     ; Alerts            ; -
            orders.shop+                ; shop/orders     ; ''                ; -
            orders.shop+a+b             ; shop/orders     ; a+b               ; -
            orders.shop/alice           ; shop/orders     ; -                 ; alice
            orders.shop/al+ice          ; shop/orders     ; -                 ; al+ice
            orders.shop/a/b             ; shop/orders     ; -                 ; a/b
            orders.shop+alerts/al+ice   ; shop/orders     ; alerts            ; al+ice
            orders.shop/                ; -               ; -                 ; -
            orders                      ; -               ; -                 ; -
            orders.                     ; -               ; -                 ; -
            .shop                       ; -               ; -                 ; -
            +alerts                     ; -               ; -                 ; -
            """, useHeadersInDisplayName = true)
    void namesOrganizationClassAndUser(String name, String organization, String mailClass, String user) {
        var login = RelayLogin.parse(name);
        assertThat(login.map(l -> l.organization().toString()).orElse(null)).isEqualTo(organization);
        assertThat(login.flatMap(RelayLogin::mailClass).orElse(null)).isEqualTo(mailClass);
        assertThat(login.flatMap(RelayLogin::user).orElse(null)).isEqualTo(user);
    }

    @Test
    void passwordsNeedNoQuotingAndAreNoOptions() {
        Random random = new Random(42);
        assertThat(Stream.generate(() -> RelayLogin.newPassword(random)).limit(1000))
                .doesNotHaveDuplicates()
                .allSatisfy(password -> assertThat(password).matches("[A-Za-z0-9_][A-Za-z0-9_-]{42}"));
    }
}
