package dev.postrider.reply;

import dev.postrider.route.TestResult.Step;

/** Rules by which refusals get their meaning; the first that fits counts. Safe for threads. */
public final class ReplyRules {
    private static final ReplyRules SHIPPED = new ReplyRules();

    private ReplyRules() {}

    /** The rules that the program brings. */
    public static ReplyRules shipped() {
        return SHIPPED;
    }

    /**
     * The meaning of a refusal.
     *
     * @param host of the server, as declared
     * @param step what was refused
     */
    public Meaning of(String host, Step step, Reply reply) {
        return new Meaning(ReplyClass.OTHER, fallback(reply), ReplyMeaning.of(reply).map(ReplyMeaning::text));
    }

    private static ReplyAction fallback(Reply reply) {
        if (reply.enhanced().filter("5.6.3"::equals).isPresent()) {
            // RFC 3463 section 3.7: conversion is required, and the server cannot do it.
            return new ReplyAction.EncodeAnew();
        }
        return reply.code() >= 500 ? new ReplyAction.Bounce() : new ReplyAction.Retry();
    }
}
