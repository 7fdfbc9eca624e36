-- What was sent lately to servers that have a rate: when the next is due, and counts by parts of hours and days.
CREATE TABLE server_rate (
  server ${key} NOT NULL PRIMARY KEY,
  sent TEXT NOT NULL);
