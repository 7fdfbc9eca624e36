package dev.postrider.route;

/** The SASL mechanisms that Postrider speaks, the strongest of those with a password first. */
public enum SaslMechanism {
    /** RFC 7677: the server proves itself too, and need not store the password. */
    SCRAM_SHA_256("SCRAM-SHA-256", false),
    /** RFC 2831, since 2011 historic (RFC 6331). */
    DIGEST_MD5("DIGEST-MD5", false),
    /** RFC 2195. */
    CRAM_MD5("CRAM-MD5", false),
    /** MS-NLMP, NTLMv2. */
    NTLM("NTLM", false),
    /** RFC 4616. */
    PLAIN("PLAIN", true),
    /** draft-murchison-sasl-login. */
    LOGIN("LOGIN", true),
    /** RFC 7628. */
    OAUTHBEARER("OAUTHBEARER", true),
    /** What Google and Microsoft had before RFC 7628. */
    XOAUTH2("XOAUTH2", true);

    private final String saslName;
    private final boolean showsSecret;

    SaslMechanism(String saslName, boolean showsSecret) {
        this.saslName = saslName;
        this.showsSecret = showsSecret;
    }

    /** The name by which a server offers it. */
    public String saslName() {
        return saslName;
    }

    /** Whether the password or token itself is sent, so that who reads along has it. */
    public boolean showsSecret() {
        return showsSecret;
    }
}
