package dev.postrider.relay;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A client's side of an SMTP session, as plain as a terminal: octets go out as they are given. */
public final class Dialogue implements AutoCloseable {
    private Socket socket;
    private BufferedReader in;
    private OutputStream out;

    private Dialogue(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
        this.socket = socket;
        this.in = reader(socket);
        this.out = socket.getOutputStream();
    }

    /** Connects and reads the greeting. */
    public static Dialogue connect(int port) throws IOException {
        var dialogue = silent(port);
        dialogue.reply();
        return dialogue;
    }

    /** Connects and reads nothing. */
    public static Dialogue silent(int port) throws IOException {
        return new Dialogue(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    public void encrypt(SSLContext context) throws IOException {
        var secured = (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
        secured.startHandshake();
        socket = secured;
        in = reader(secured);
        out = secured.getOutputStream();
    }

    /** Waits so long for a reply from now on. */
    public void patience(java.time.Duration time) throws IOException {
        socket.setSoTimeout((int) time.toMillis());
    }

    /** Sends octets, given as characters of ISO 8859-1. */
    public Dialogue raw(String octets) throws IOException {
        out.write(octets.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return this;
    }

    /** Sends a line in UTF-8 and returns the last line of the reply; "closed" if there is none. */
    public String say(String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
        return reply();
    }

    /** The last line of the next reply; "closed" if the server is gone. */
    public String reply() throws IOException {
        try {
            String line = in.readLine();
            while (line != null && line.length() > 3 && line.charAt(3) == '-') {
                line = in.readLine();
            }
            return line == null ? "closed" : line;
        } catch (java.net.SocketException e) {
            return "closed";
        }
    }

    /** All lines of the next reply. */
    public String wholeReply() throws IOException {
        var reply = new StringBuilder();
        String line = in.readLine();
        while (line != null) {
            reply.append(line).append('\n');
            if (line.length() < 4 || line.charAt(3) != '-') {
                break;
            }
            line = in.readLine();
        }
        return reply.toString();
    }

    public String login(String user, String password) throws IOException {
        return say("AUTH PLAIN " + base64("\0" + user + "\0" + password));
    }

    public static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a mail on a session that has greeted; returns the last reply. */
    public String mail(String from, String to, String content) throws IOException {
        for (String line : new String[]{"MAIL FROM:<" + from + ">", "RCPT TO:<" + to + ">", "DATA"}) {
            String reply = say(line);
            if (reply.charAt(0) > '3') {
                return reply;
            }
        }
        return raw(content).say("\r\n.");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
