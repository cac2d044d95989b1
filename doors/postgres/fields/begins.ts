import { quoteLiteral } from '../identifiers.ts';

/**
 * SQL: the text begins with one of the marks; byte for byte, because PostgreSQL searches in no text whose
 * collation takes different texts for equal (SQLSTATE 0A000).
 */
export const beginsAny = (text: string, marks: readonly string[]): string =>
  marks.map((mark) => `starts_with(${text} collate "C", ${quoteLiteral(mark)})`).join(' or ') ||
  'false';
