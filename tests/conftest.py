"""How hypothesis searches: the same few cases every time, or many new ones when asked.

`pytest` alone runs the profile "book": a fixed number of cases, derived from the test itself, so
that two runs of one tree agree. `pytest tests/test_properties*.py --hypothesis-profile=long`
searches on: many cases, others each time; what fails is printed with a line that runs it again.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(os.devnull)  # else a folder .hypothesis appears, even without a database
COMMON = {
    "database": None,
    "deadline": None,  # neither a first call of TensorFlow nor a busy machine is a mistake
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("book", derandomize=True, max_examples=48, **COMMON)
settings.register_profile("long", derandomize=False, max_examples=2000, print_blob=True, **COMMON)
settings.load_profile("book")
