"""Half a minute of ``tests/fuzz_families.py``, which also runs by itself for as long as one likes."""

import warnings

from fuzz_families import ORACLES, fuzz

from ngbook import families

ROUNDS = 6  # half a minute


def test_every_number_of_every_family_is_right_or_refused_where_it_leaves_double_precision():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fuzz(7, rounds=ROUNDS)
    assert not found.failures, "\n".join(map(str, found.failures))
    assert {slug for slug, _ in found.compared} == set(ORACLES) == set(families.catalogue())
    assert sum(found.refused.values()) <= 0.02 * sum(found.compared.values())
