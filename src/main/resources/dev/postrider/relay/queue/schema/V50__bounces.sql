-- Of the recipients that counter.bounced counts, those that a server refused, by what its reply was about. What bounced
-- before there was this table, or without a reply, is in counter alone.
CREATE TABLE bounce (
  organization ${key} NOT NULL,
  day ${key} NOT NULL,
  mail_class ${key} NOT NULL,
  server ${key} NOT NULL,
  -- One of the classes of docs/replies.md, so that there are few rows.
  reply_class ${key} NOT NULL,
  run ${key} NOT NULL,
  bounced BIGINT NOT NULL,
  PRIMARY KEY (organization, day, mail_class, server, reply_class, run)) ${clustered};

CREATE INDEX bounce_day ON bounce (day);
