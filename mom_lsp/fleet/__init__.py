"""One memory for many repositories: indexing them in bulk, publishing to a store that others read, asking across."""
