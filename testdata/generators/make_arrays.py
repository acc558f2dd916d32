"""Rows as numpy saves them (numpy 2.4.6), for the tests of data input. Writes testdata/data."""
import os

import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.2, np.nan, 4.5, 1e-3], [7.0, 3.0, 6.0, 2.0]])

np.save(os.path.join(HERE, "rows_f8.npy"), ROWS)
np.save(os.path.join(HERE, "rows_f8_fortran.npy"), np.asfortranarray(ROWS))
np.save(os.path.join(HERE, "rows_f4.npy"), ROWS.astype(np.float32))
np.save(os.path.join(HERE, "rows_big_endian_i2.npy"), np.nan_to_num(ROWS).astype(">i2"))
np.savez_compressed(os.path.join(HERE, "rows.npz"), **{f"x{k}": ROWS[:, k] for k in range(4)})
