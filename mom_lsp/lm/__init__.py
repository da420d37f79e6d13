"""The local language model: answers quoted from memories, and the model that may rephrase them.

answer.py          an answer from memories alone, at once and without a model; wording.py has the model rephrase it
model_process.py   a Generator: starts the process that holds the model when needed
child.py           that process; child_messages.py is the protocol between the two
runtime.py         the runtime: llama_context.py (KV cache), tokenizing.py, sampler.py, bindings.py (llama.cpp)
installed.py       which llama.cpp is installed: compiled, or the wheel that wheel_bindings.py declares
gguf.py            which file, and whether it is the trusted one; gguf_header.py reads its architecture
plan.py            context, threads and memories in a prompt that fit the machine, from the counts of costs.py
attention_hook.py  reads and biases attention during inference: hook.c, hook_compiler.py, and hook_probe.py, its test
traces.py          attention traces, learned by trace_learning.py from the observations of trace_file.py

Nothing heavy is imported before it is used; llama_cpp only in the child.
"""
