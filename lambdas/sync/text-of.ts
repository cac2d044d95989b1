/** What is copied: a value as it is stored, or one member of it. */
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import { FieldMissingError } from './errors.ts';

/**
 * A text as it is; any other member as it is written in the document, byte for byte.
 * @throws FieldMissingError naming the members there are, and nothing that is in them
 */
export function textOf(value: string, field: string | undefined): string {
  if (field === undefined) return value;
  const { members } = documentOf(value, field);
  const member = members.get(field);
  if (member === undefined) throw new FieldMissingError(field, [...members.keys()].filter(isName));
  return typeof member.value === 'string' ? member.value : member.source;
}

function documentOf(value: string, field: string) {
  try {
    return parseJsonDocument(value);
  } catch {
    throw new FieldMissingError(field, undefined);
  }
}

/** A document that its owners wrote may have anything as a name, a value among them. */
const isName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,31}$/.test(name);
