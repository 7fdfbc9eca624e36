-- User name and password of whoever submitted a message, encrypted. Not set where it came with the organization's login.
ALTER TABLE message ADD COLUMN credentials ${octets};
