"""From the best memories to an answer: their text, freshness, failures and episodes, as JSON."""
