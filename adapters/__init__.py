"""Edges: venues, stores and chats behind small ports."""
