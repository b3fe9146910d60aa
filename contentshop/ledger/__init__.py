"""The ledger: every movement of money, in double entry, never changed."""
