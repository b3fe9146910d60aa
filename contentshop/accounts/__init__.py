"""People: accounts, roles, sessions, passwords."""
