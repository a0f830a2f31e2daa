"""All Qt. May import `core` and `engine`; nothing imports it but the entry point."""
