"""Measurements of speed, memory and quality, and the choice of the weights and constants that ship.

*_bench.py      time and memory (`mom bench`)
*_ablation.py   what a part of the ranking is worth (`mom eval --ablate`); evaluate.py and baselines.py are `mom eval`
*_accuracy.py   how often one step is correct, on labels; also model_answers.py, revert_links.py and hint_*.py
fit_weights.py and choose_layers.py choose what ships
"""
