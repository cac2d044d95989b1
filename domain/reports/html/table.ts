/** A table of the page: a caption, headers with their scope, and a frame that scrolls where it is too wide. */
import { html, type Markup, type Part } from './markup.ts';

export interface HtmlTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly Cell[])[];
  readonly class?: string;
}

export type Cell = Part | { readonly class: string; readonly part: Part };

export function table({ caption, columns, rows, class: name }: HtmlTable): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="${name ?? 'plain'}">
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody>
</table></div>`;
}

const row = ([first, ...others]: readonly Cell[]): Markup =>
  html`<tr><th scope="row">${partOf(first)}</th>${others.map((cell) => html`<td class="${classOf(cell)}">${partOf(cell)}</td>`)}</tr>`;

const isClassed = (cell: Cell): cell is Exclude<Cell, Part> =>
  typeof cell === 'object' && cell !== null && 'part' in cell;
const classOf = (cell: Cell): string => (isClassed(cell) ? cell.class : 'text');
const partOf = (cell: Cell): Part => (isClassed(cell) ? cell.part : cell);
