"""Where market values come from."""
