-- The replica that tells the event.
ALTER TABLE event ADD COLUMN claimed_by ${key} REFERENCES replica (id) ON DELETE SET NULL;

CREATE INDEX event_claimed ON event (claimed_by) WHERE claimed_by IS NOT NULL;
