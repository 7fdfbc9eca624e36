-- Attempts of large messages that are under way, and those during which a replica was lost. Not used where there is only
-- one replica: that writes them to a file.
CREATE TABLE attempt (
  organization ${key} NOT NULL,
  message ${key} NOT NULL,
  -- Whose attempt it is; not set while nobody tries the message.
  replica ${key},
  -- Attempts that did not end, or failed by a fault of the relay.
  failures INTEGER NOT NULL,
  PRIMARY KEY (organization, message)) ${clustered};
