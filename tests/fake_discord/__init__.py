"""A small Discord on this computer: REST and gateway over real sockets, with faults on demand."""
