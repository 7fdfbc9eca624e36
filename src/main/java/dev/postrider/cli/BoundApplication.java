package dev.postrider.cli;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.Date;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;

/**
 * An application that has mounted a binding and sends with what it finds there: login over STARTTLS, trusting the
 * binding's certificate authority alone.
 */
final class BoundApplication {
    private final Path binding;

    /** @param binding the directory with an entry of the binding in each file */
    BoundApplication(Path binding) {
        this.binding = binding;
    }

    /**
     * Sends one mail.
     *
     * @return what the relay replied
     * @throws MessagingException if the relay does not take it
     * @throws IOException        if the binding cannot be read
     */
    String send(String recipient, String subject, String text) throws IOException, MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", entry("host"));
        properties.put("mail.smtp.port", entry("port"));
        properties.put("mail.smtp.auth", "true");
        properties.put("mail.smtp.starttls.enable", "true");
        properties.put("mail.smtp.starttls.required", "true");
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        properties.put("mail.smtp.ssl.socketFactory", trusting(entry("ca.crt")).getSocketFactory());
        properties.put("mail.smtp.connectiontimeout", "5000");
        properties.put("mail.smtp.timeout", "15000");
        Session session = Session.getInstance(properties);
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress(entry("from"), entry("from-name"), StandardCharsets.UTF_8.name()));
        message.setRecipients(Message.RecipientType.TO, recipient);
        message.setSubject(subject, StandardCharsets.UTF_8.name());
        message.setText(text, StandardCharsets.UTF_8.name());
        message.setSentDate(Date.from(Instant.now()));
        message.saveChanges();
        try (SMTPTransport transport = new SMTPTransport(session, new URLName("smtp", null, -1, null, null, null))) {
            transport.connect(entry("username"), entry("password"));
            transport.sendMessage(message, message.getAllRecipients());
            return transport.getLastServerResponse().strip();
        }
    }

    String entry(String name) throws IOException {
        return Files.readString(binding.resolve(name));
    }

    private static SSLContext trusting(String authority) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry("relay", CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(authority.getBytes(StandardCharsets.US_ASCII))));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("ca.crt of the binding cannot be used: " + e.getMessage(), e);
        }
    }
}
