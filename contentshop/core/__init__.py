"""The ground: database, outbox, clock, money, text, errors. Knows nobody above it."""
