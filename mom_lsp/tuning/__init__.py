"""Learning the weights: history and verdicts made into questions, and weights fitted on them (`mom tune`)."""
