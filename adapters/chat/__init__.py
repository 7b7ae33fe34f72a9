"""Where people read and type."""
