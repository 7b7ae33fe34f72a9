"""Rules of people: their language, their index, their phases."""
