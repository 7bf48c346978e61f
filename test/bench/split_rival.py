"""scikit-learn's StratifiedGroupKFold as a splitter by patient, for `npm run bench split`.

Started with a JSON file {"patients": [number per row], "classes": [number per row]}: a class is a combination of
findings, since the splitter takes one class per row. Each line on standard input is a seed and a file; into the file
goes one byte per row, 0 train, 1 val, 2 test; the answer is the seconds that it took. `versions` is answered too.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.model_selection import StratifiedGroupKFold

# One tenth is val, two tenths are test.
FOLDS, VAL, TEST = 10, (0,), (1, 2)


def split(
    classes: npt.NDArray[np.int64], patients: npt.NDArray[np.int64], seed: int
) -> npt.NDArray[np.uint8]:
    """The fold of each row."""
    parts = np.zeros(len(classes), dtype=np.uint8)
    splitter = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    for fold, (_, rows) in enumerate(splitter.split(classes, classes, patients)):
        parts[rows] = 1 if fold in VAL else 2 if fold in TEST else 0
    return parts


def main() -> None:
    """Serves until standard input ends."""
    # Most combinations of findings are rarer than there are folds.
    warnings.filterwarnings("ignore", category=UserWarning)
    rows = json.loads(Path(sys.argv[1]).read_text())
    classes, patients = (
        np.array(rows[name], dtype=np.int64) for name in ("classes", "patients")
    )
    for line in sys.stdin:
        command, *rest = line.rstrip("\n").split(maxsplit=1)
        if command == "versions":
            answer = f"scikit-learn {sklearn.__version__}"
        else:
            start = time.perf_counter()
            parts = split(classes, patients, int(command))
            answer = str(time.perf_counter() - start)
            Path(rest[0]).write_bytes(parts.tobytes())
        print(answer, flush=True)


if __name__ == "__main__":
    main()
