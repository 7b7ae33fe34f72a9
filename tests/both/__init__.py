"""Both chats together: the same facts, the same rights, the same answers to whatever is typed."""
