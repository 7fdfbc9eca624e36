-- Whose the rows of an organization's name are: a name may be taken by somebody else. There is one row without left_at
-- for each name, but while rows of a former owner are set aside. Rows of versions that did not know this have none, and
-- are those of the first owner that is heard of.
CREATE TABLE owner (
  organization ${key} NOT NULL,
  -- The UID of the OrganizationMailSettings.
  uid ${key} NOT NULL,
  -- When somebody else had the name, in milliseconds since 1970-01-01 UTC.
  left_at BIGINT,
  PRIMARY KEY (organization, uid)) ${clustered};
