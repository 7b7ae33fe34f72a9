"""The service: loops, commands, wording and the command line."""
