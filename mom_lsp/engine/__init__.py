"""The engine: the process that answers the editors and commands of one data folder."""
