-- Attachments that are kept for download. Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE link (
  organization ${key} NOT NULL,
  message ${key} NOT NULL,
  -- Its place in the message.
  part INTEGER NOT NULL,
  -- Known only while the message is queued, so that each attempt sends the same.
  token TEXT,
  token_sha256 ${key} NOT NULL,
  host TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  -- STORING, STORED or REMOVED.
  state TEXT NOT NULL,
  PRIMARY KEY (organization, message, part)) ${clustered};

CREATE UNIQUE INDEX link_token ON link (token_sha256);

CREATE INDEX link_expires ON link (expires);

CREATE INDEX link_known ON link (organization, message) WHERE token IS NOT NULL;
