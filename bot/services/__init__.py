"""The five loops and the runtime that holds them."""
