package dev.postrider.notice;

/** The texts of a usage report that each language has. */
enum UsageTextKey {
    // @formatter:off
    SUBJECT("subject"), INTRO("intro"),
    LINE("line"), NOW("column.now"), BEFORE("column.before"), CHANGE("column.change"),
    ACCEPTED("label.accepted"), RECIPIENTS("label.recipients"), DELIVERED("label.delivered"),
    DEFERRED("label.deferred"), BOUNCED("label.bounced"), REFUSED("label.refused"), SIZE("label.size"),
    DAYS("heading.days"), CLASSES("heading.classes"), SERVERS("heading.servers"),
    BOUNCES("heading.bounces"),
    PASSWORD_RECOVERY("class.password-recovery"), ALERTS("class.alerts"), NOTIFICATIONS("class.notifications"),
    USAGE_REPORT("class.usage-report"), OTHER("class.other"),
    COUNTED("counted"), ATTACHED("attached"), FOOTER("footer");
    // @formatter:on

    private final String property;

    UsageTextKey(String property) {
        this.property = property;
    }

    String property() {
        return property;
    }
}
