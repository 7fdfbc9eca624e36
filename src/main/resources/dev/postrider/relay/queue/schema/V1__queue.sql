-- Times are milliseconds since 1970-01-01 UTC. The organization leads every key, so that the tables can be spread by it.

CREATE TABLE message (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  sender TEXT NOT NULL,
  eight_bit BOOLEAN NOT NULL,
  smtp_utf8 BOOLEAN NOT NULL,
  size BIGINT NOT NULL,
  received BIGINT NOT NULL,
  held BOOLEAN NOT NULL,
  dsn_ret TEXT,
  dsn_envid TEXT,
  trace_parent TEXT,
  PRIMARY KEY (organization, id)) ${clustered};

CREATE INDEX message_id ON message (id);

CREATE TABLE recipient (
  organization TEXT NOT NULL,
  message TEXT NOT NULL,
  number INTEGER NOT NULL,
  address TEXT NOT NULL,
  dsn_notify TEXT,
  dsn_orcpt TEXT,
  attempts INTEGER NOT NULL,
  last_attempt BIGINT,
  -- Not set while the message is held.
  next_attempt BIGINT,
  server TEXT,
  last_reply TEXT,
  delay_reported BOOLEAN NOT NULL,
  -- The replica that has the message in its hands. Not used where there is only one.
  claimed_by TEXT,
  PRIMARY KEY (organization, message, number)) ${clustered};

CREATE INDEX recipient_due ON recipient (organization, next_attempt, message);

CREATE TABLE body (
  organization TEXT NOT NULL,
  message TEXT NOT NULL,
  part INTEGER NOT NULL,
  content ${octets} NOT NULL,
  PRIMARY KEY (organization, message, part));

-- Messages of which parts are written and which are not complete.
CREATE TABLE draft (
  organization TEXT NOT NULL,
  message TEXT NOT NULL,
  replica TEXT NOT NULL,
  PRIMARY KEY (organization, message)) ${clustered};

-- Idempotency keys of messages that were accepted.
CREATE TABLE submission (
  organization TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  message TEXT NOT NULL,
  received BIGINT NOT NULL,
  PRIMARY KEY (organization, idempotency_key)) ${clustered};

CREATE INDEX submission_received ON submission (received);

-- The outbox: what became of messages, to be told to the organization.
CREATE TABLE event (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  content TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt BIGINT NOT NULL,
  PRIMARY KEY (organization, id)) ${clustered};

CREATE INDEX event_due ON event (organization, next_attempt);

CREATE TABLE probe (
  id INTEGER PRIMARY KEY,
  time BIGINT NOT NULL);
