"""What was said about commits outside their messages: git notes, and the records of coding agents. Pure functions."""
