package dev.postrider.transport.sasl;

import dev.postrider.route.SaslMechanism;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.RealmCallback;
import javax.security.sasl.RealmChoiceCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;

/** A mechanism that the JDK speaks: PLAIN, CRAM-MD5, DIGEST-MD5 or NTLM. */
final class JdkExchange implements SaslExchange {
    private final SaslClient client;
    private final SaslCredentials credentials;
    private final String user;
    private final Optional<String> realm;
    private final boolean ntlm;

    JdkExchange(SaslMechanism mechanism, SaslCredentials credentials) throws SaslException {
        this.credentials = credentials;
        this.ntlm = mechanism == SaslMechanism.NTLM;
        // Windows has the domain before the user: EXAMPLE\shop.
        int domain = ntlm ? credentials.user().indexOf('\\') : -1;
        this.user = credentials.user().substring(domain + 1);
        this.realm = domain < 0
                ? credentials.realm()
                : Optional.of(credentials.user().substring(0, domain)).or(credentials::realm);
        SaslClient created = Sasl.createSaslClient(new String[]{mechanism.saslName()}, null, "smtp",
                credentials.host(),
                // Without a name of the client the JDK asks the DNS for one.
                ntlm ? Map.of("com.sun.security.sasl.ntlm.hostname", credentials.clientName()) : Map.of(),
                this::answer);
        if (created == null) {
            throw new SaslException(mechanism.saslName() + " is switched off in this Java runtime");
        }
        this.client = created;
    }

    private void answer(Callback[] callbacks) throws SaslException, UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            switch (callback) {
                case NameCallback asked -> asked.setName(user);
                case PasswordCallback asked -> asked.setPassword(credentials.secret().toCharArray());
                case RealmCallback asked -> asked.setText(realm.orElse(ntlm ? "" : asked.getDefaultText()));
                case RealmChoiceCallback asked -> asked.setSelectedIndex(chosen(asked.getChoices()));
                default -> throw new UnsupportedCallbackException(callback);
            }
        }
    }

    private int chosen(String[] offered) throws SaslException {
        List<String> realms = Arrays.asList(offered);
        if (realm.isEmpty()) {
            throw new RealmException("the server offers several realms (" + told(realms)
                    + "), and no realm is declared");
        }
        int index = realms.indexOf(realm.get());
        if (index < 0) {
            throw new RealmException("the server offers the realms " + told(realms) + ", but not the declared \""
                    + realm.get() + "\"");
        }
        return index;
    }

    private static String told(List<String> realms) {
        String text = String.join(", ", realms).replaceAll("\\p{Cntrl}", "?");
        return text.substring(0, Math.min(text.length(), 300));
    }

    @Override
    public Optional<byte[]> initialResponse() throws SaslException {
        return client.hasInitialResponse() ? Optional.of(client.evaluateChallenge(new byte[0])) : Optional.empty();
    }

    @Override
    public byte[] respond(byte[] challenge) throws SaslException {
        try {
            byte[] response = client.evaluateChallenge(challenge);
            return response == null ? new byte[0] : response;
        } catch (RealmException e) {
            throw e;
        } catch (SaslException | RuntimeException e) {
            throw new SaslException(client.getMechanismName() + ": the server does not keep to the mechanism, or does "
                    + "not know the password (" + e.getClass().getSimpleName() + ")");
        }
    }

    @Override
    public boolean isComplete() {
        return client.isComplete();
    }
}
