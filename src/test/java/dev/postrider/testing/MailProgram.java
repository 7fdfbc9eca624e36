package dev.postrider.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

/**
 * What applications send mail with. Each connects to the loopback interface, as if the name of the relay's Service
 * led there, encrypts by STARTTLS, checks the certificate and logs in.
 */
public enum MailProgram {
    /** Checks that the certificate leads to the binding's authority, not the name in it. */
    SWAKS,
    /** Checks authority and name. */
    PYTHON,
    /** Angus Mail in this process; checks authority and name. */
    ANGUS;

    private static final String PYTHON_PROGRAM = """
            import smtplib, socket, ssl, sys
            host, port, ca, user, password, sender, recipient, subject, text = sys.argv[1:]
            class Mapped(smtplib.SMTP):
                def _get_socket(self, host, port, timeout):
                    return socket.create_connection(('127.0.0.1', port), timeout)
            with Mapped(host, int(port), timeout=20) as s:
                s.starttls(context=ssl.create_default_context(cafile=ca))
                s.login(user, password)
                s.sendmail(sender, [recipient], 'From: <%s>\\r\\nTo: <%s>\\r\\nSubject: %s\\r\\n\\r\\n%s\\r\\n'
                        % (sender, recipient, subject, text))
            """;

    /**
     * A mail to be sent.
     *
     * @param text one line
     */
    public record Mail(String from, String to, String subject, String text) {}

    /** Those that this machine has; Angus Mail is always there. */
    public static List<MailProgram> available() {
        return Arrays.stream(values()).filter(MailProgram::isAvailable).toList();
    }

    private boolean isAvailable() {
        return switch (this) {
            case SWAKS -> InstalledProgram.SWAKS.isUsableFor("mail sent by swaks");
            case PYTHON -> InstalledProgram.PYTHON.isUsableFor("mail sent by Python");
            case ANGUS -> true;
        };
    }

    /**
     * Sends a mail.
     *
     * @param port      of the relay on the loopback interface
     * @param directory for files of the program
     * @param trust     speaks TLS with the binding's authority
     */
    public void send(MountedBinding binding, int port, Path directory, SSLContext trust, Mail mail)
            throws IOException, MessagingException {
        Path ca = Files.writeString(directory.resolve("ca.crt"), binding.caCertificate());
        switch (this) {
            case SWAKS -> run(directory, "swaks", "--server", "127.0.0.1", "--port", "" + port, "--tls", "--tls-verify",
                    "--tls-ca-path", ca.toString(), "--auth", "PLAIN", "--auth-user", binding.user(), "--auth-password",
                    binding.password(), "--ehlo", "application.test", "--from", mail.from(), "--to", mail.to(),
                    "--header",
                    "Subject: " + mail.subject(), "--body", mail.text());
            case PYTHON -> run(directory, "python3", "-c", PYTHON_PROGRAM, binding.host(), "" + port,
                    ca.toString(), binding.user(), binding.password(), mail.from(), mail.to(), mail.subject(),
                    mail.text());
            case ANGUS -> angus(binding, port, trust, mail);
        }
    }

    private static void run(Path directory, String... command) {
        var result = CommandResult.run(directory, Map.of(), "", new ArrayList<>(List.of(command)));
        if (result.exitCode() != 0) {
            throw new IllegalStateException(command[0] + " ended with " + result.exitCode() + ": " + result.out()
                    + result.err());
        }
    }

    private static void angus(MountedBinding binding, int port, SSLContext trust, Mail mail)
            throws MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.starttls.required", "true");
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        properties.put("mail.smtp.ssl.socketFactory", trust.getSocketFactory());
        properties.put("mail.smtp.socketFactory", new LoopbackSockets());
        properties.put("mail.smtp.auth", "true");
        Session session = Session.getInstance(properties);
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress(mail.from()));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress(mail.to()));
        message.setSubject(mail.subject());
        message.setText(mail.text(), StandardCharsets.US_ASCII.name());
        try (Transport transport = session.getTransport("smtp")) {
            transport.connect(binding.host(), port, binding.user(), binding.password());
            transport.sendMessage(message, message.getAllRecipients());
        }
    }

    /** Sockets that connect to the loopback interface whatever name they are given. */
    private static final class LoopbackSockets extends SocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(SocketAddress address, int timeout) throws IOException {
                    super.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(),
                            ((InetSocketAddress) address).getPort()), timeout);
                }

                @Override
                public void connect(SocketAddress address) throws IOException {
                    connect(address, 0);
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException("a socket is made first and connected then");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException("a socket is made first and connected then");
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException("a socket is made first and connected then");
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException("a socket is made first and connected then");
        }
    }
}
