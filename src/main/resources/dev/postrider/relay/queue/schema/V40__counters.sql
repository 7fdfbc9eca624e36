-- The class of a message, by which it is counted; empty where it has none. Not set for what is not counted: reports of
-- the relay's own, and what was queued by versions that did not count.
ALTER TABLE message ADD COLUMN mail_class TEXT;

-- What became of mail, day by day. Each run of a relay has rows of its own, so that no two wait for each other.
CREATE TABLE counter (
  organization ${key} NOT NULL,
  -- The date in the time zone of the organization's reports, as 2026-03-01.
  day ${key} NOT NULL,
  mail_class ${key} NOT NULL,
  -- Empty for what no server has a part in.
  server ${key} NOT NULL,
  run ${key} NOT NULL,
  accepted BIGINT NOT NULL,
  recipients BIGINT NOT NULL,
  delivered BIGINT NOT NULL,
  deferred BIGINT NOT NULL,
  bounced BIGINT NOT NULL,
  removed BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  PRIMARY KEY (organization, day, mail_class, server, run)) ${clustered};

CREATE INDEX counter_day ON counter (day);
