"""From ranked memories to an answer: text, freshness, failures and episodes, as JSON."""
