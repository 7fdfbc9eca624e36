-- Times are milliseconds since 1970-01-01 UTC. The organization leads every key, so that the tables can be spread by it.

-- Relays that share the queue and are heard of. Not used where there is only one.
CREATE TABLE replica (
  id ${key} NOT NULL PRIMARY KEY,
  -- By the database's clock.
  expires BIGINT NOT NULL);

CREATE TABLE message (
  organization ${key} NOT NULL,
  id ${key} NOT NULL,
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
  organization ${key} NOT NULL,
  message ${key} NOT NULL,
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
  -- The replica that has the message in its hands, in all rows of a message alike.
  claimed_by ${key} REFERENCES replica (id) ON DELETE SET NULL,
  PRIMARY KEY (organization, message, number)) ${clustered};

CREATE INDEX recipient_due ON recipient (organization, next_attempt, message);

CREATE INDEX recipient_claimed ON recipient (claimed_by) WHERE claimed_by IS NOT NULL;

CREATE TABLE body (
  organization ${key} NOT NULL,
  message ${key} NOT NULL,
  part INTEGER NOT NULL,
  content ${octets} NOT NULL,
  PRIMARY KEY (organization, message, part));

-- Messages of which parts are written and which are not complete.
CREATE TABLE draft (
  organization ${key} NOT NULL,
  message ${key} NOT NULL,
  replica ${key} NOT NULL REFERENCES replica (id),
  parts INTEGER NOT NULL,
  PRIMARY KEY (organization, message)) ${clustered};

CREATE INDEX draft_replica ON draft (replica);

-- Connections to servers that replicas may have open.
CREATE TABLE permit (
  server ${key} NOT NULL,
  slot INTEGER NOT NULL,
  replica ${key} NOT NULL REFERENCES replica (id) ON DELETE CASCADE,
  PRIMARY KEY (server, slot)) ${clustered};

CREATE INDEX permit_replica ON permit (replica);

-- Idempotency keys of messages that were accepted.
CREATE TABLE submission (
  organization ${key} NOT NULL,
  idempotency_key ${key} NOT NULL,
  message ${key} NOT NULL,
  received BIGINT NOT NULL,
  PRIMARY KEY (organization, idempotency_key)) ${clustered};

CREATE INDEX submission_received ON submission (received);

-- The outbox: what became of messages, to be told to the organization.
CREATE TABLE event (
  organization ${key} NOT NULL,
  id ${key} NOT NULL,
  content TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt BIGINT NOT NULL,
  PRIMARY KEY (organization, id)) ${clustered};

CREATE INDEX event_due ON event (organization, next_attempt);

CREATE TABLE probe (
  id INTEGER PRIMARY KEY,
  time BIGINT NOT NULL);
