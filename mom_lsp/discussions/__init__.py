"""Discussions on a code host (pull requests, reviews, issues), read from an export: nothing is ever fetched."""
