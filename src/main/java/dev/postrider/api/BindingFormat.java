package dev.postrider.api;

/** What reads a binding: each has entries of its own beside those of the Service Binding specification. */
public enum BindingFormat {
    /** Variables {@code SMTP_HOST} and so on. */
    Environment,
    /** A file of Spring Boot's properties. */
    SpringBoot,
    /** A file of Quarkus' properties. */
    Quarkus,
    /** Modules of Django's settings. */
    Django,
    /** A YAML file for Action Mailer. */
    Rails,
    /** Variables of Laravel. */
    Laravel,
    /** A URL for Nodemailer. */
    Node,
    /** A JSON file of .NET's configuration. */
    DotNet,
    /** Variables {@code GF_SMTP_HOST} and so on. */
    Grafana,
    /** A whole configuration file with one receiver. */
    Alertmanager,
    /** A realm's {@code smtpServer}. */
    Keycloak,
    /** A part of gitlab.rb. */
    GitLab,
    /** Variables of Gitea, which Forgejo reads too. */
    Gitea,
    /** A part of config.php. */
    Nextcloud,
    /** Variables of Discourse. */
    Discourse,
    /** A configuration file of msmtp. */
    Msmtp,
    /** A relayhost with its map of passwords. */
    Postfix
}
