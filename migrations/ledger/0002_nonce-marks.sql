-- No nonce above `reserved` has left for the venue: cancels and settings take nonces too, and no order tells of those.
CREATE TABLE nonce_marks (
  bot      TEXT PRIMARY KEY,
  reserved INTEGER NOT NULL
) STRICT;
