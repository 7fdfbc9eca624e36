package dev.postrider.relay;

import dev.postrider.route.RelayConfiguration;
import dev.postrider.relay.links.LinkSettings;
import dev.postrider.relay.queue.QueueSettings;
import dev.postrider.relay.smtp.SmtpLimits;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the relay is told once, at its start.
 *
 * @param hostName                     how it calls itself: a domain name that its clients know it by
 * @param bind                         the address of all its ports
 * @param submissionPort               with STARTTLS, 587 by RFC 6409; 0 for one that the system chooses
 * @param submissionsPort              with TLS at once, 465 by RFC 8314; 0 for one that the system chooses
 * @param adminPort                    of health and metrics; 0 for one that the system chooses
 * @param dataDirectory                where the queue is, if it is a file
 * @param limits                       bounds of sessions
 * @param allowPlaintextAuthentication whether AUTH works without TLS
 * @param received                     what it makes of Received fields, until its route says otherwise
 * @param queue                        where the queue is and how much it takes
 * @param links                        how attachments are served for download, if they are
 */
public record RelaySettings(String hostName, InetAddress bind, int submissionPort, int submissionsPort, int adminPort,
        Path dataDirectory, SmtpLimits limits, boolean allowPlaintextAuthentication,
        RelayConfiguration.Received received,
        QueueSettings queue, Optional<LinkSettings> links) {

    /** @throws IllegalArgumentException if several relays would keep attachments where only one can read them */
    public RelaySettings {
        if (queue.postgres().isPresent() && links.filter(serving -> serving.s3().isEmpty()).isPresent()) {
            throw new IllegalArgumentException("with a queue in PostgreSQL attachments must be kept in S3, for relays "
                    + "share no volume; give --links-s3-endpoint and --links-s3-bucket");
        }
    }

    /** Without downloads. */
    public RelaySettings(String hostName, InetAddress bind, int submissionPort, int submissionsPort, int adminPort,
            Path dataDirectory, SmtpLimits limits, boolean allowPlaintextAuthentication,
            RelayConfiguration.Received received,
            QueueSettings queue) {
        this(hostName, bind, submissionPort, submissionsPort, adminPort, dataDirectory, limits,
                allowPlaintextAuthentication, received, queue, Optional.empty());
    }

    /** With a queue in a file and its default limits. */
    public RelaySettings(String hostName, InetAddress bind, int submissionPort, int submissionsPort, int adminPort,
            Path dataDirectory, SmtpLimits limits, boolean allowPlaintextAuthentication,
            RelayConfiguration.Received received) {
        this(hostName, bind, submissionPort, submissionsPort, adminPort, dataDirectory, limits,
                allowPlaintextAuthentication, received, QueueSettings.DEFAULT);
    }
}
