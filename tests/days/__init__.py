"""Days of the whole service in minutes: a market, faults drawn from a seed, and what must be true after them."""
