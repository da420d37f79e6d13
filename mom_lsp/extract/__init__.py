"""What a repository wrote down, made into candidate memories. Pure functions: text in, values out."""
