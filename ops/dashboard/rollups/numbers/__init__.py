"""The rows of numbers: storing them, summing them up for longer times, and removing a person from them."""
