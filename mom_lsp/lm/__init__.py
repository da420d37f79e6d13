"""The local language model: answers made of memories, and the model that may word them.

answer.py    an answer from memories alone, which is there at once and without a model
process.py   a Generator: it starts the process that holds the model when it is needed
child.py     that process; wire.py is what the two say to each other
llama.py     the runtime: context.py (its cache), prompt.py (tokens and spans), sampler.py, library.py (llama.cpp)
gguf.py      which file, whether it is the one that was confirmed, and whether what header.py foresees fits the memory
bias.py      reading and moving attention while the model computes: hook.c, compiled.py, and probe.py, which tests it

Nothing heavy is imported before it is used; llama_cpp only ever in the child.
"""
