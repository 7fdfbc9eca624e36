-- Reports that could not be delivered, by the organization whose mail they told of. One row however many there are.
CREATE TABLE lost_report (
  organization ${key} NOT NULL PRIMARY KEY,
  reports BIGINT NOT NULL,
  -- When the last of them was lost, and whom it should have reached.
  last_at BIGINT NOT NULL,
  recipient TEXT NOT NULL,
  reason TEXT NOT NULL) ${clustered};
