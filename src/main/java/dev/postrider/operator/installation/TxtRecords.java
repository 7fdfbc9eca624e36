package dev.postrider.operator.installation;

import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;

/**
 * Looks up TXT records by the JDK's own client (JNDI, provider for DNS).
 *
 * @param server host and port of a DNS server; empty for those of the machine
 */
record TxtRecords(Optional<String> server) {
    private static final String TYPE = "TXT";
    /** Milliseconds of the first try; each later one has twice as long, so that a lookup takes 3.5 s at most. */
    private static final String FIRST_TRY = "500";
    private static final String TRIES = "3";

    /**
     * The values of a name; none if there is no such name, or it has no such record.
     *
     * @throws NamingException if DNS does not answer, or says that it failed
     */
    // The provider is fixed and has texts only, a domain has no colon and so is never a URL; JNDI takes no other map.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    List<String> of(String name) throws NamingException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, server.map(address -> "dns://" + address).orElse("dns:"));
        environment.put("com.sun.jndi.dns.timeout.initial", FIRST_TRY);
        environment.put("com.sun.jndi.dns.timeout.retries", TRIES);
        DirContext context = new InitialDirContext(environment);
        try {
            Attribute found = context.getAttributes(name, new String[]{TYPE}).get(TYPE);
            List<String> values = new ArrayList<>();
            if (found != null) {
                NamingEnumeration<?> all = found.getAll();
                while (all.hasMore()) {
                    values.add(String.valueOf(all.next()));
                }
            }
            return values;
        } catch (NameNotFoundException e) {
            return List.of();
        } finally {
            context.close();
        }
    }
}
