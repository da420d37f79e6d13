"""The process behind every window and command: encoder, router and reader of one data folder."""
