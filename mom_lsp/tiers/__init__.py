"""What becomes of a memory with time and use."""
