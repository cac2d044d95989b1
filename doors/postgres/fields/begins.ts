import { quoteLiteral } from '../identifiers.ts';

/** SQL: the text begins with one of the marks. */
export const beginsAny = (text: string, marks: readonly string[]): string =>
  marks.map((mark) => `starts_with(${text}, ${quoteLiteral(mark)})`).join(' or ') || 'false';
