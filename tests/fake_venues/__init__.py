"""Fake exchanges: they speak the REST and websocket shapes of each venue, written from its documentation alone."""
