"""Reads the CSV files of artifacts; a fault is told with file and line."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chexnet.mistakes import UserError


@dataclass(frozen=True, slots=True)
class Row:
    """One record and where it stands. `line` is that of its last character."""

    path: Path
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def fault(self, message: str) -> UserError:
        return UserError(f"{self.path}:{self.line}: {message}")


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The records of a CSV file that has at least `columns`. Raises UserError."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise UserError(f"{path}:1: there is no column {', '.join(missing)}.")
            for cells in reader:
                if len(cells) != len(header):
                    raise UserError(f"{path}:{reader.line_num}: {len(cells)} cells where the header has {len(header)}.")
                yield Row(path, reader.line_num, dict(zip(header, cells, strict=True)))
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a CSV file: {error}.") from None


def some(names: Sequence[str]) -> str:
    """The first few names, for a message."""
    return ", ".join(names[:3]) + (f", … ({len(names)} in all)" if len(names) > 3 else "")
