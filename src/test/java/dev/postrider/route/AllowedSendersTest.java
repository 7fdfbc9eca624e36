package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.route.AllowedSenders.Otherwise;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("organizations")
final class AllowedSendersTest {

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            pattern                  ; address                           ; allowed
            sales@acme.example       ; sales@acme.example                ; true
            sales@acme.example       ; sales@ACME.Example                ; true
            sales@acme.example       ; Sales@acme.example                ; true
            "sales"@acme.example     ; SALES@acme.example                 ; true
            sales@acme.example       ; \u017fales@acme.example            ; false
            sales@acme.example       ; "sales"@acme.example              ; true
            sales@acme.example       ; "sal\\es"@acme.example            ; true
            sales@acme.example       ; "sales "@acme.example             ; false
            sales@acme.example       ; s\u0430les@acme.example                ; false
            sales@acme.example       ; sales@\u0430cme.example                ; false
            sales@acme.example       ; sales@\uff41cme.example               ; false
            sales@acme.example       ; sales@acme.example.evil.example   ; false
            sales@acme.example       ; sales@acme.example.               ; false
            sales@acme.example       ; sales+x@acme.example              ; false
            @acme.example            ; anybody@acme.example              ; true
            @acme.example            ; "a@b"@acme.example                ; true
            @acme.example            ; anybody@mail.acme.example         ; false
            @acme.example            ; anybody@notacme.example           ; false
            @*.acme.example          ; anybody@mail.acme.example         ; true
            @*.acme.example          ; anybody@a.b.ACME.example          ; true
            @*.acme.example          ; anybody@acme.example              ; false
            @*.acme.example          ; anybody@.acme.example             ; false
            @*.acme.example          ; anybody@notacme.example           ; false
            @xn--bcher-kva.example   ; a@bücher.example                  ; true
            @xn--bcher-kva.example   ; a@BÜCHER.example                  ; true
            @xn--bcher-kva.example   ; a@XN--BCHER-KVA.example           ; true
            @xn--bcher-kva.example   ; a@bu\u0308cher.example          ; true
            @xn--bcher-kva.example   ; a@bucher.example                  ; false
            @strasse.example         ; a@straße.example                  ; false
            @xn--strae-oqa.example   ; a@straße.example                  ; true
            grüße@acme.example       ; grüße@acme.example                ; true
            grüße@acme.example       ; gru\u0308ße@acme.example               ; true
            grüße@acme.example       ; grusse@acme.example               ; false
            """, useHeadersInDisplayName = true)
    void aPatternIsForThese(String pattern, String address, boolean allowed) {
        var senders = new AllowedSenders(List.of("else@else.example", pattern), Otherwise.REFUSE);
        assertThat(senders.allow(CanonicalAddress.of(address))).isEqualTo(allowed);
    }

    /** Until the operator has written it anew, such a route means what it meant. */
    @Test
    void aRouteOfAnEarlierVersionIsRead() {
        OrganizationRoute route = RouteJson.read("""
                {"envelopeFrom": "b@acme.example", "from": {"address": "a@acme.example", "name": null},
                 "key": {"name": "shop", "namespace": "acme"}, "passwordSha256": "00", "servers": [],
                 "sizeLimit": null, "state": "OPEN", "webhook": null}
                """, OrganizationRoute.class);
        assertThat(route.senders()).isEmpty();
        assertThat(route.from()).isEqualTo(new Address("a@acme.example", Optional.empty()));
    }

    @Test
    void aRouteIsReadAsItWasWritten() {
        var route = new OrganizationRoute(new ResourceKey("acme", "shop"), "00", OrganizationRoute.State.OPEN,
                List.of(), new Address("a@acme.example", Optional.empty()), "b@acme.example", Optional.empty(),
                Optional.empty(),
                Optional.of(new AllowedSenders(List.of("@*.acme.example"), Otherwise.REWRITE)));
        assertThat(RouteJson.read(RouteJson.write(route), OrganizationRoute.class)).isEqualTo(route);
    }
}
