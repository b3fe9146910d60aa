"""The demo content, and the loader that puts it into an empty shop through the same actions people use."""
