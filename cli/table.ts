/** A table of plain text: as wide as its cells, or, where the terminal is narrower, one block a row. */

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Paints what `cell` says; widths are counted without it. */
  readonly paint?: (row: Row, text: string) => string;
  readonly align?: 'right';
  /** Left out where the terminal is too narrow; of several, the last first. */
  readonly optional?: boolean;
}

const gap = '  ';

/** Lines of the table. The first column names the row. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string[] {
  let shown = columns;
  for (;;) {
    const widths = shown.map(({ title, cell }) =>
      Math.max(title.length, ...rows.map((row) => cell(row).length)),
    );
    const total = widths.reduce((sum, one) => sum + one) + gap.length * (shown.length - 1);
    if (total <= width) return lines(shown, widths, rows);
    const last = shown.findLastIndex(({ optional }) => optional);
    if (last < 0) return rows.flatMap((row) => block(columns, row));
    shown = shown.toSpliced(last, 1);
  }
}

function lines<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  rows: readonly Row[],
): string[] {
  const heading = columns.map(({ title, align }, at) => pad(title, widths[at], align));
  return [
    heading.join(gap).trimEnd(),
    ...rows.map((row) => {
      const cells = columns.map((column, at) => {
        const text = pad(column.cell(row), widths[at], column.align);
        return column.paint?.(row, text) ?? text;
      });
      return cells.join(gap).trimEnd();
    }),
  ];
}

function block<Row>([name, ...others]: readonly Column<Row>[], row: Row): string[] {
  const widest = Math.max(...others.map(({ title }) => title.length));
  return [
    name?.cell(row) ?? '',
    ...others
      .filter(({ cell }) => cell(row) !== '')
      .map((column) => {
        const text = column.cell(row);
        return `  ${column.title.padEnd(widest)}  ${column.paint?.(row, text) ?? text}`;
      }),
  ];
}

function pad(text: string, width = 0, align?: 'right'): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/**
 * Breaks at spaces; a word longer than the line stays whole, so that a command can be pasted. What follows the first
 * line of an entry (`- …`) stands below its text.
 */
export function wrap(text: string, width: number): string[] {
  if (text.startsWith('- ')) {
    const [first = '', ...rest] = wrap(text.slice(2), width - 2);
    return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
  }
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
