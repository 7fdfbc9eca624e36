-- What organizations with limits have submitted in the present hour, day and month, and what is held for later ones.
CREATE TABLE quota (
  organization ${key} NOT NULL PRIMARY KEY,
  -- The limits, which are empty where they were removed, and the counts.
  counted TEXT NOT NULL);
