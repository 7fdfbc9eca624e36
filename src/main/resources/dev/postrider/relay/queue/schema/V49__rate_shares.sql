-- What each namespace has had lately of the hours and days of a server that namespaces share, by parts of these.
CREATE TABLE server_rate_share (
  server ${key} NOT NULL,
  namespace ${key} NOT NULL,
  sent TEXT NOT NULL,
  -- When that was last changed, microseconds since 1970: a day later the row counts for nothing.
  changed BIGINT NOT NULL,
  PRIMARY KEY (server, namespace)) ${clustered};
