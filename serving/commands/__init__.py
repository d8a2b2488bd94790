"""The commands beside the server itself: what an operator does with its database."""
