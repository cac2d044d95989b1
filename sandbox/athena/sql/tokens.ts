/** The words of a query. */
import { notSimulated, type Place } from './error.ts';

export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end';
  /** Words in lower case; quoted names and strings without their quotes. */
  text: string;
  at: Place;
}

const PATTERN =
  /(?<space>\s+|--[^\n]*)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|"(?<quoted>(?:[^"]|"")*)"|'(?<string>(?:[^']|'')*)'|(?<number>\d+(?![\d.A-Za-z]))|(?<symbol><>|!=|<=|>=|\|\||[=<>(),.?*+;-])/y;

/** @throws ServiceException NotSimulatedException for a character that begins nothing known */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const place = (): Place => {
    const before = sql.slice(0, offset).split('\n');
    return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
  };
  while (offset < sql.length) {
    PATTERN.lastIndex = offset;
    const groups = PATTERN.exec(sql)?.groups;
    const at = place();
    if (groups === undefined) {
      throw notSimulated(`"${sql.slice(offset, offset + 12)}"`, at);
    }
    const { word, quoted, string, number, symbol } = groups;
    if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase(), at });
    else if (quoted !== undefined)
      tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"').toLowerCase(), at });
    else if (string !== undefined)
      tokens.push({ kind: 'string', text: string.replaceAll("''", "'"), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
    offset = PATTERN.lastIndex;
  }
  return [...tokens, { kind: 'end', text: 'end of the query', at: place() }];
}
