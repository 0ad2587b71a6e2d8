"""The job that erases or anonymises an account: in batches, resumable after a crash, ending in one receipt."""
