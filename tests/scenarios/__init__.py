"""The health agreement as stories: each rule with given, when and then, on the real store."""

import pytest

# What the driver asserts is explained as if the test itself did.
pytest.register_assert_rewrite("tests.scenarios.story")
