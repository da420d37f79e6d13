"""The local language model: answers made of memories, and the model that may word them."""
