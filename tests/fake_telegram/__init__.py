"""A Bot API on this computer, stricter than Telegram's, with its own log of what it took."""
