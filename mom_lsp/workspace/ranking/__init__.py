"""From a question to the best memories: candidates, features, score, and which of them become hints."""
