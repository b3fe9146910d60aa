"""Live sessions: a stream at an hour, with product cards that the host shows one after another."""
