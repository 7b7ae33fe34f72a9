"""Where everything rests."""
