"""Charts: built from bars as data, drawn in a process of their own, and kept."""
