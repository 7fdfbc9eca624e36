-- Whether no line of a message has more than 998 octets, so that it need not be read for that. Not set for what was queued
-- by versions that did not know this.
ALTER TABLE message ADD COLUMN short_lines BOOLEAN;
