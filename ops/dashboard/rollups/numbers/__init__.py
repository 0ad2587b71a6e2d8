"""The rows of numbers: storing them, summing them up for longer times, and taking somebody out of them."""
