"""The continuous memory: its theorems in their corrected form, and counterexamples to the seed's false steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mom_lsp.cues.arrays import isometry, sigmoid, softmax, unit
from mom_lsp.cues.cms import SEED_LEVELS, ContinuousCue, ContinuousMemory, Level, Matrix, Options
from mom_lsp.cues.cue import Event

WIDTH = 12
SMALL = (Level(4, 6, 0.1), Level(6, 12, 0.05), Level(8, 20, 0.01))
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "int8": 2e-2}
few = settings(max_examples=30)  # each runs a memory for many steps
floats = st.floats(-1, 1, width=32)
addresses = st.sampled_from(["content", "lru", "hybrid"])
storages = st.sampled_from(["float32", "float16", "int8"])
decays = st.floats(0.05, 0.5)


def events(steps: st.SearchStrategy[int] | int, streams: int = 1) -> st.SearchStrategy[np.ndarray]:
    """Draw (steps, streams, WIDTH) rows of length 1, or 0."""
    counts = steps if isinstance(steps, st.SearchStrategy) else st.just(steps)
    return counts.flatmap(lambda n: arrays.arrays(np.float32, (n, streams, WIDTH), elements=floats)).map(unit)


def make(streams: int = 1, seed: int = 0, **options: object) -> ContinuousMemory:
    return ContinuousMemory(WIDTH, Options(**{"levels": SMALL, "key_width": 8} | options), streams=streams, seed=seed)  # type: ignore[arg-type]


def lengths(memory: ContinuousMemory) -> list[float]:
    return [float(np.linalg.norm(matrix.values)) for matrix in memory.values]


# Theorem 1: the memory stays bounded


@few
@given(events(st.integers(1, 40)), addresses, storages, st.integers(0, 3))
def test_the_memory_matrix_is_bounded(stream: np.ndarray, address: str, storage: str, sparse: int) -> None:
    """|M_t| <= max(|M_0|, V / delta), with |v| <= V = 1; the seed has sqrt(N) more than it needs."""
    memory = make(address=address, storage=storage, sparse=sparse)
    for event in stream:
        memory.write(event)
        for level, length in zip(SMALL, lengths(memory), strict=True):
            assert length <= 1.0 / level.decay * (1 + TOLERANCE[storage])


def test_softmax_does_not_have_unit_norm_as_the_seeds_proof_claims() -> None:
    assert np.linalg.norm(softmax(np.zeros(64))) == pytest.approx(0.125)


@few
@given(arrays.arrays(np.float64, st.integers(1, 99), elements=st.floats(-30, 30)))
def test_softmax_has_norm_at_most_1(logits: np.ndarray) -> None:
    weights = softmax(logits)
    assert weights.sum() == pytest.approx(1)
    assert 1 / math.sqrt(len(logits)) - 1e-9 <= np.linalg.norm(weights) <= 1 + 1e-9


# Theorem 2: without writes it decays


@few
@given(events(5), events(30), storages)
def test_without_writes_the_state_decays_in_closed_form(first: np.ndarray, more: np.ndarray, storage: str) -> None:
    memory = make(storage=storage)
    for event in first:
        memory.write(event)
    before = [matrix.values for matrix in memory.values]
    memory.options = Options(levels=SMALL, key_width=8, threshold=1.0, storage=storage)  # type: ignore[arg-type]  # no gate opens
    for event in more:
        memory.write(event)
    for level, matrix, start in zip(SMALL, memory.values, before, strict=True):
        np.testing.assert_allclose(matrix.values, (1 - level.decay) ** len(more) * start, rtol=1e-4, atol=1e-7)


def test_half_lives_are_7_14_and_69_steps() -> None:
    assert [round(math.log(0.5) / math.log(1 - level.decay)) for level in SEED_LEVELS] == [7, 14, 69]


# Theorem 3: it saturates


@few
@given(events(1).filter(lambda drawn: bool(drawn.any())), decays)
def test_repeated_identical_writes_saturate_at_g_over_delta(stream: np.ndarray, decay: float) -> None:
    memory = make(levels=(Level(1, WIDTH, decay),))
    value = stream[0] @ memory.to_value[0].T
    for _ in range(round(12 / decay)):
        memory.write(stream[0])
    np.testing.assert_allclose(memory.values[0].values[0], 0.5 / decay * value, rtol=1e-3, atol=1e-4)


# Theorem 4: its energy is dissipated


def test_the_seeds_energy_step_is_false_without_any_write() -> None:
    delta, length, bound = 0.1, 1.0, 0.0
    assert ((1 - delta) * length) ** 2 == pytest.approx(0.81)
    assert ((1 - delta) * length) ** 2 > (1 - 2 * delta) * length**2 + bound**2  # 0.81 > 0.80


def test_the_seeds_energy_step_is_false_at_its_fixed_point() -> None:
    delta, bound = 0.1, 1.0
    fixed = bound / delta  # the norm that constant writes converge to
    assert fixed**2 == pytest.approx(100) and (1 - 2 * delta) * fixed**2 + bound**2 == pytest.approx(81)


@few
@given(events(st.integers(2, 30)), addresses)
def test_energy_decreases_as_the_corrected_step_states(stream: np.ndarray, address: str) -> None:
    """|M_t|^2 <= (1 - delta) |M|^2 + V^2 / delta."""
    memory = make(address=address)
    for event in stream:
        before = lengths(memory)
        memory.write(event)
        for level, old, new in zip(SMALL, before, lengths(memory), strict=True):
            assert new**2 <= (1 - level.decay) * old**2 + 1 / level.decay + 1e-5


@few
@given(decays, st.floats(0, 50), st.floats(0, 5), st.floats(-1, 1))
def test_the_corrected_step_holds_for_all_norms(delta: float, length: float, bound: float, cosine: float) -> None:
    new = (1 - delta) ** 2 * length**2 + 2 * (1 - delta) * length * bound * cosine + bound**2
    e = delta / (1 - delta)
    young = (1 - delta) ** 2 * (1 + e) * length**2 + (1 + 1 / e) * bound**2
    assert young == pytest.approx((1 - delta) * length**2 + bound**2 / delta)
    assert new <= young + 1e-9 * max(1.0, young)


# Addresses


def test_the_seeds_logit_is_flat_for_unit_keys_and_ours_is_not() -> None:
    random = np.random.default_rng(1)
    keys = unit(random.standard_normal((1, 64, 64)).astype(np.float32))
    query = keys[:, 7]
    seed = softmax((keys @ query[:, :, None])[:, :, 0] / 8)[0]
    ours = softmax(8.0 * Matrix(keys, "float32").cosines(query))[0]
    assert seed.max() == pytest.approx(0.018, abs=0.001)  # 1 / 64 is 0.016
    assert ours[7] > 0.9


@few
@given(events(10))
def test_equal_keys_never_differentiate(stream: np.ndarray) -> None:
    memory = make(address="content")
    for keys in memory.keys:
        keys.data[:] = 0
    for event in stream:
        memory.write(event)
    for matrix in (*memory.keys, *memory.values):
        np.testing.assert_allclose(matrix.values, np.broadcast_to(matrix.values[:, :1], matrix.values.shape), atol=1e-6)


@few
@given(events(3), addresses, st.floats(0, 1))
def test_addressing_weights_are_a_distribution(stream: np.ndarray, address: str, share: float) -> None:
    memory = make(address=address, content_share=share)
    for event in stream:
        memory.write(event)
        weights = memory.where(0, memory.address(0, event @ memory.to_key[0].T))
        assert weights.sum() == pytest.approx(1, abs=1e-5) and weights.min() >= 0


def test_lru_addressing_writes_to_each_slot_in_turn() -> None:
    memory = make(address="lru")
    event = unit(np.ones((1, WIDTH), np.float32))
    for filled in range(1, 5):
        memory.write(event)
        assert int((np.abs(memory.values[0].values[0]).sum(axis=1) > 0).sum()) == filled
    memory.write(event)
    assert memory.written[0].tolist() == [[5, 2, 3, 4]]


# What it is for


def test_written_events_are_read_back_with_the_newest_strongest() -> None:
    random = np.random.default_rng(3)
    memory = ContinuousMemory(384)
    facts = unit(random.standard_normal((30, 1, 384)).astype(np.float32))
    for fact in facts:
        memory.write(fact)
    likeness = [(unit(memory.read(fact)) @ fact.T).item() for fact in facts]
    other = unit(random.standard_normal((1, 384)).astype(np.float32))
    assert min(likeness[-10:]) > 0.5 > abs((unit(memory.read(other)) @ other.T).item())
    assert np.mean(likeness[-5:]) > np.mean(likeness[:5])


@few
@given(events(6, streams=3), addresses, st.integers(0, 2))
def test_streams_are_independent(stream: np.ndarray, address: str, sparse: int) -> None:
    together = make(streams=3, address=address, sparse=sparse)
    alone = [make(address=address, sparse=sparse) for _ in range(3)]
    for step in stream:
        together.write(step)
        for one, event in zip(alone, step, strict=True):
            one.write(event[None])
    parts = np.concatenate([one.read(event[None]) for one, event in zip(alone, stream[-1], strict=True)])
    np.testing.assert_allclose(together.read(stream[-1]), parts, atol=1e-5)


@few
@given(events(20), storages)
def test_smaller_storage_types_read_nearly_the_same(stream: np.ndarray, storage: str) -> None:
    exact, small = make(address="lru"), make(address="lru", storage=storage)
    for event in stream:
        exact.write(event)
        small.write(event)
    for one, other in zip(exact.values, small.values, strict=True):
        np.testing.assert_allclose(other.values, one.values, atol=TOLERANCE[storage] * 4)


def test_float16_and_int8_storage_halve_and_quarter_the_state() -> None:
    sizes = {s: ContinuousMemory(384, Options(storage=s)).nbytes for s in ("float32", "float16", "int8")}  # type: ignore[arg-type]
    assert sizes["float32"] < 2**20
    assert sizes["float16"] < 0.52 * sizes["float32"] and sizes["int8"] < 0.27 * sizes["float32"]


@few
@given(events(3), st.integers(1, 3))
def test_a_sparse_write_changes_at_most_the_given_number_of_slots(stream: np.ndarray, sparse: int) -> None:
    memory = make(address="content", sparse=sparse)
    memory.write(stream[0])
    changed = [int((np.abs(matrix.values[0]).sum(axis=1) > 0).sum()) for matrix in memory.values]
    assert all(count <= sparse for count in changed)


def test_fitted_weights_control_the_gate_and_the_decay() -> None:
    event = unit(np.ones((1, WIDTH), np.float32))
    memory = make(levels=(Level(2, WIDTH, 0.1),))
    memory.gate[0] = -9 * event[0]  # an event like this does not open the gate
    memory.write(event)
    assert lengths(memory) == [0.0]
    memory.gate[0] = 9 * event[0]
    memory.adapt[0] = 9 * event[0]  # and this one wipes what was there
    memory.write(event)
    first = memory.values[0].values.copy()
    memory.write(-event)
    assert lengths(memory)[0] < np.linalg.norm(first)
    assert sigmoid(np.array(math.log(0.1 / 0.9))) == pytest.approx(0.1)


def test_the_read_out_is_the_mixture_of_the_levels_contexts() -> None:
    """b = softmax(W_b [c^0 || ... || c^L]), c = sum of b_l U^l c^l, computed here slot by slot."""
    memory, random = make(), np.random.default_rng(3)
    for _ in range(12):
        memory.write(unit(random.standard_normal((1, WIDTH)).astype(np.float32)))
    memory.mix[:] = random.standard_normal(memory.mix.shape)
    query = unit(random.standard_normal((1, WIDTH)).astype(np.float32))
    contexts = []
    for level, (keys, values) in enumerate(zip(memory.keys, memory.values, strict=True)):
        key = memory.to_key[level] @ query[0]
        cosine = [row @ key / np.linalg.norm(row) / np.linalg.norm(key) for row in keys.values[0]]
        weights = np.exp(math.sqrt(8) * np.array(cosine))
        contexts.append(weights @ values.values[0] / weights.sum())
    shares = np.exp(memory.mix @ np.concatenate(contexts))
    shares /= shares.sum()
    lifted = [u.T @ context for u, context in zip(memory.to_value, contexts, strict=True)]
    expected = sum(share * one for share, one in zip(shares, lifted, strict=True))
    np.testing.assert_allclose(memory.read(query)[0], expected, atol=1e-5)
    neutral = np.mean(lifted, axis=0)
    assert np.abs(expected - neutral).max() > 0.01  # so that ignoring the mixture would be seen


def test_each_level_is_written_with_the_event_and_the_context_of_the_level_before() -> None:
    """z^l = unit(event + U^(l-1) c^(l-1)): level 1 gets what level 0 remembered before the write."""
    levels = (Level(4, WIDTH, 0.1), Level(4, WIDTH, 0.05))
    memory, random = make(levels=levels, address="lru"), np.random.default_rng(5)
    first, event = unit(random.standard_normal((2, 1, WIDTH)).astype(np.float32))
    memory.write(first)
    content = memory.address(0, event @ memory.to_key[0].T)
    context = memory.values[0].mean(content) @ memory.to_value[0]
    assert np.linalg.norm(context) > 0.02  # so that leaving it out would be seen
    memory.write(event)
    slot = int(np.argmax(memory.written[1][0]))  # the one just written
    np.testing.assert_allclose(
        memory.values[1].values[0, slot], 0.5 * memory.to_value[1] @ unit(event + context)[0], atol=1e-5
    )


def test_a_hybrid_address_has_the_given_share_of_content() -> None:
    memory = make(content_share=0.9)
    content = np.full((1, SMALL[0].slots), 0.25, np.float32)
    memory.written[0][0] = [3, 1, 2, 4]
    np.testing.assert_allclose(memory.where(0, content), [[0.225, 0.325, 0.225, 0.225]], rtol=1e-6)


def test_a_fitted_decay_forgets_more_at_events_like_its_weights() -> None:
    event = unit(np.ones((1, WIDTH), np.float32))
    left = []
    for sign in (1, -1):
        memory = make(levels=(Level(2, WIDTH, 0.1),))
        memory.write(event)
        before = lengths(memory)[0]
        memory.gate[0], memory.adapt[0] = -9 * event[0], sign * 9 * event[0]  # nothing is written
        memory.write(event)
        left.append(lengths(memory)[0] / before)
    wanted = [1 - sigmoid(np.array(math.log(1 / 9) + sign * 9)) for sign in (1, -1)]
    assert left == pytest.approx(wanted, rel=1e-3)


def test_numbers_stay_in_single_precision() -> None:
    assert unit(np.ones((1, 3), np.float32)).dtype == np.float32
    assert make().values[0].scale.dtype == np.float32


def test_each_row_of_a_softmax_is_by_itself() -> None:
    np.testing.assert_allclose(softmax(np.array([[0.0, 0.0], [900.0, 900.0]])), 0.5)


def test_replay_strengthens_only_the_strongest_slot() -> None:
    memory = make(address="lru", replay=0.5)
    for strength in (1.0, 0.2, 0.6):
        memory.write(unit(np.ones((1, WIDTH), np.float32)) * np.float32(strength))
    before = memory.values[0].values[0].copy()
    memory.replay(slots=1)
    after = memory.values[0].values[0]
    strongest = int(np.argmax(np.linalg.norm(before, axis=1)))
    np.testing.assert_allclose(after[strongest], 1.5 * before[strongest], rtol=1e-6)
    np.testing.assert_array_equal(np.delete(after, strongest, 0), np.delete(before, strongest, 0))


@few
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 9))
def test_an_isometry_preserves_norms_where_dimensions_allow(rows: int, columns: int, seed: int) -> None:
    matrix = isometry(rows, columns, np.random.default_rng(seed))
    assert matrix.dtype == np.float32  # half the state, and twice as fast
    product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-5)
    np.testing.assert_array_equal(matrix, isometry(rows, columns, np.random.default_rng(seed)))


# The cue


@few
@given(events(st.integers(1, 8)), events(2))
def test_a_cue_reads_what_its_memory_reads_of_the_events_that_it_observed(
    stream: np.ndarray, asked: np.ndarray
) -> None:
    query, candidates = asked[0][0], asked[:, 0]
    memory, cue = make(), ContinuousCue(WIDTH, Options(levels=SMALL, key_width=8))
    assert not cue.read(query, candidates).any()
    for event in stream:
        memory.write(event)
        cue.observe(Event(situation=query, memory=event[0]))
    assert cue.read(query, candidates) == pytest.approx(candidates @ unit(memory.read(query[None]))[0], abs=1e-6)
