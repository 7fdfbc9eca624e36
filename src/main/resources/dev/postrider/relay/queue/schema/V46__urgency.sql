-- By how much a message is ahead of others of its organization: 2 for password recovery, 1 for alerts. Not set for all
-- else, so that its rows cost nothing more.
ALTER TABLE recipient ADD COLUMN urgency INTEGER;

-- Without the message, as recipient_due: PostgreSQL's planner would take it for the rows of one message.
CREATE INDEX recipient_urgent ON recipient (organization, urgency, next_attempt) WHERE urgency IS NOT NULL;
