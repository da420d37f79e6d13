/* Measures and biases attention during inference: the callback of `llama_context_params.cb_eval` of llama.cpp.
 *
 * llama.cpp asks about every node of its graph (ask = true), then passes the requested ones, computed and not yet used
 * (ask = false). Two nodes per layer are requested, with flash attention off, both F32 (heads, rows, cells), contiguous:
 *   kq-<layer>           Q K^T before scale, mask and softmax: the bias is added here
 *   kq_soft_max-<layer>  the attention itself: its mass on each span is summed here
 * Tensors are accessed only by public functions of libggml-base, passed as pointers: no linking, no header.
 * attention_hook.py has the same struct and the same two steps in Python.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *(*name)(const void *tensor);
    int64_t (*elements)(const void *tensor);
    int64_t (*rows)(const void *tensor);
    size_t (*bytes)(const void *tensor);
    void (*get)(const void *tensor, void *data, size_t offset, size_t size);
    void (*set)(void *tensor, const void *data, size_t offset, size_t size);
    int32_t layers, heads, spans;
    int32_t tokens;               /* rows of the batch being decoded */
    int32_t bias_from, mass_from; /* the first row to bias, and the first to measure; `tokens` for none */
    int32_t wrong;                /* set when a tensor has an unexpected layout */
    const int32_t *bounds;        /* (spans, 2): first cell, cell after the last */
    const float *bias;            /* (layers, heads, spans), in units of kq */
    const uint8_t *biased;        /* (layers): whether any bias of the layer is not 0 */
    double *mass;                 /* (layers, heads, spans): sums over the measured rows */
    float *row;                   /* buffer for the widest span */
} hook;

static int layer_of(const char *name, const char *stem, int layers) {
    size_t length = strlen(stem);
    if (strncmp(name, stem, length) != 0) return -1;
    char *end;
    long layer = strtol(name + length, &end, 10);
    return end != name + length && *end == '\0' && layer >= 0 && layer < layers ? (int)layer : -1;
}

bool mom_hook(void *tensor, bool ask, void *data) {
    hook *h = data;
    const char *name = h->name(tensor);
    if (name[0] != 'k' || name[1] != 'q') return !ask; /* nearly all nodes return here */
    int scores = layer_of(name, "kq-", h->layers);
    int mass = scores < 0 ? layer_of(name, "kq_soft_max-", h->layers) : -1;
    bool move = scores >= 0 && h->bias_from < h->tokens && h->biased[scores];
    bool read = mass >= 0 && h->mass_from < h->tokens;
    if (ask || !(move || read)) return ask ? move || read : true;

    int64_t elements = h->elements(tensor), rows = h->rows(tensor), cells = rows > 0 ? elements / rows : 0;
    if (h->bytes(tensor) != (size_t)elements * sizeof(float) || rows != (int64_t)h->heads * h->tokens) {
        h->wrong = 1;
        return true;
    }
    int layer = move ? scores : mass;
    for (int head = 0; head < h->heads; head++) {
        size_t at = ((size_t)layer * h->heads + head) * h->spans;
        for (int span = 0; span < h->spans; span++) {
            int first = h->bounds[2 * span], count = h->bounds[2 * span + 1] - first;
            if (first + count > cells) {
                h->wrong = 1;
                return true;
            }
            if (count <= 0 || (move && h->bias[at + span] == 0.0f)) continue;
            for (int row = move ? h->bias_from : h->mass_from; row < h->tokens; row++) {
                size_t offset = (((size_t)head * h->tokens + row) * cells + first) * sizeof(float);
                h->get(tensor, h->row, offset, (size_t)count * sizeof(float));
                if (move) {
                    for (int i = 0; i < count; i++) h->row[i] += h->bias[at + span];
                    h->set(tensor, h->row, offset, (size_t)count * sizeof(float));
                } else {
                    for (int i = 0; i < count; i++) h->mass[at + span] += h->row[i];
                }
            }
        }
    }
    return true;
}
