package dev.postrider.reply;

import java.util.Optional;

/**
 * What a refusal means.
 *
 * @param replyClass what it is about
 * @param action     what follows
 * @param advice     what to do next, for people, where something better is known than for any such refusal
 */
public record Meaning(ReplyClass replyClass, ReplyAction action, Optional<String> advice) {}
