package dev.postrider.relay.submitter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postrider.relay.submitter.CredentialsCipher.Decrypted;
import dev.postrider.relay.submitter.CredentialsCipher.KeyMissing;
import dev.postrider.relay.submitter.CredentialsCipher.Plain;
import dev.postrider.relay.submitter.CredentialsCipher.Unreadable;
import dev.postrider.route.Login.Credentials;
import dev.postrider.route.ResourceKey;
import dev.postrider.route.SubmitterKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("upstreams")
final class CredentialsCipherTest {
    private static final ResourceKey ORDERS = new ResourceKey("shop", "orders");
    private static final String ID = "01JABCDEFGHJKMNP";
    private static final SubmitterKey OLD = SubmitterKey.generate("2026-01");
    private static final SubmitterKey NEW = SubmitterKey.generate("2026-02");
    private static final Credentials ALICE = new Credentials("alice@shop.example", "gehéim: 4711");

    private static CredentialsCipher with(SubmitterKey... keys) {
        return new CredentialsCipher(() -> List.of(keys));
    }

    private static byte[] encrypted(SubmitterKey... keys) {
        return with(keys).encrypt(ORDERS, ID, ALICE).orElseThrow();
    }

    @Test
    void whatIsEncryptedIsReadAgainAndNeverTwiceTheSame() {
        byte[] first = encrypted(OLD);
        byte[] second = encrypted(OLD);

        assertThat(with(OLD).decrypt(ORDERS, ID, first)).isEqualTo(new Plain(ALICE));
        assertThat(with(OLD).decrypt(ORDERS, ID, second)).isEqualTo(new Plain(ALICE));
        assertThat(first).isNotEqualTo(second);
        assertThat(new String(first, StandardCharsets.ISO_8859_1)).contains("2026-01")
                .doesNotContain("alice", "4711", "geh");
    }

    @Test
    void theFirstKeyEncryptsAndAllDecrypt() {
        assertThat(with(NEW, OLD).decrypt(ORDERS, ID, encrypted(OLD))).isEqualTo(new Plain(ALICE));
        assertThat(with(OLD, NEW).decrypt(ORDERS, ID, encrypted(NEW, OLD))).isEqualTo(new Plain(ALICE));
        assertThat(with(OLD).decrypt(ORDERS, ID, encrypted(NEW, OLD))).isEqualTo(new KeyMissing("2026-02"));
        assertThat(with().decrypt(ORDERS, ID, encrypted(OLD))).isEqualTo(new KeyMissing("2026-01"));
    }

    @Test
    void anotherKeyOfTheSameNameReadsNothing() {
        assertThat(with(SubmitterKey.generate("2026-01")).decrypt(ORDERS, ID, encrypted(OLD)))
                .isEqualTo(new Unreadable());
    }

    @Test
    void nothingIsEncryptedWithoutAKey() {
        assertThat(with().isReady()).isFalse();
        assertThat(with().encrypt(ORDERS, ID, ALICE)).isEmpty();
        assertThat(with(new SubmitterKey("short", "4711")).isReady()).isFalse();
        assertThat(with(new SubmitterKey("a b", OLD.key())).isReady()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"shop, orders, 01JABCDEFGHJKMNQ", "shop, other, 01JABCDEFGHJKMNP", "other, orders, 01JABCDEFGHJKMNP"})
    void movedToAnotherMessageItIsUnreadable(String namespace, String organization, String id) {
        assertThat(with(OLD).decrypt(new ResourceKey(namespace, organization), id, encrypted(OLD)))
                .isEqualTo(new Unreadable());
    }

    @Test
    void whatWasChangedOrCutIsUnreadable() {
        byte[] good = encrypted(OLD);
        for (int i = 0; i < good.length; i++) {
            byte[] changed = good.clone();
            changed[i] ^= 1;
            Decrypted read = with(OLD).decrypt(ORDERS, ID, changed);
            assertThat(read).as("octet %d", i).isNotInstanceOf(Plain.class);
            assertThat(with(OLD).decrypt(ORDERS, ID, Arrays.copyOf(good, i))).as("cut at %d", i)
                    .isNotInstanceOf(Plain.class);
        }
    }

    @Test
    void nothingSecretIsShown() {
        assertThat(ALICE + " " + OLD + " " + new Plain(ALICE)).doesNotContain("4711", OLD.key());
    }
}
