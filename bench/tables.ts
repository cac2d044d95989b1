/** Tables of docs/benchmarks.md. */
export const verdict = (isMet: boolean) => (isMet ? 'met' : 'missed');

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
