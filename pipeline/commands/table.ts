/** A header may be left out. Columns as wide as their widest cell, two spaces apart; trailing space is cut. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [...(header.length > 0 ? [header] : []), ...rows];
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({length: columns}, (_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
