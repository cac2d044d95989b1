/** Columns that are one value: text, varchar, bytea. */
import { Buffer } from 'node:buffer';
import { beginsAny } from './begins.ts';
import type { FieldShape, Stored } from './shape.ts';

const nothing: Stored = { kind: 'null' };

export function textField(value: string, _type: string, limit: number | undefined): FieldShape {
  return {
    read: `${value}::text`,
    size: `octet_length(${value})`,
    decode: (raw) => (raw === null ? nothing : { kind: 'texts', texts: [raw] }),
    encoding: 'utf8',
    encode: ([text]) => text ?? '',
    parameter: 'text[]',
    // Byte for byte: under a nondeterministic collation two different texts may be equal.
    same: (old) => `${value}::text = ${old} collate "C"`,
    change: (_base, _old, now) => now,
    settled: (prefix) =>
      `(${value}::text collate "C" = '' or ${beginsAny(`${value}::text`, [prefix])})`,
    begins: (marks) => `(${beginsAny(`${value}::text`, marks)})`,
    elements: `array[${value}::text]`,
    limit,
  };
}

export function binaryField(value: string): FieldShape {
  const beginsWith = (start: string) => {
    const bytes = Buffer.from(start, 'latin1');
    return `substring(${value} from 1 for ${bytes.length}) = '\\x${bytes.toString('hex')}'::bytea`;
  };
  return {
    read: value,
    size: `octet_length(${value})`,
    // bytea_output is hex for the session.
    decode: (raw) =>
      raw === null
        ? nothing
        : { kind: 'texts', texts: [Buffer.from(raw.slice(2), 'hex').toString('latin1')] },
    encoding: 'latin1',
    encode: ([text]) => `\\x${Buffer.from(text ?? '', 'latin1').toString('hex')}`,
    parameter: 'bytea[]',
    same: (old) => `${value} = ${old}`,
    change: (_base, _old, now) => now,
    settled: (prefix) => `(${value} = '' or ${beginsWith(prefix)})`,
    begins: (marks) => `(${marks.map(beginsWith).join(' or ') || 'false'})`,
    elements: `array[encode(${value}, 'hex'), encode(${value}, 'escape')]`,
  };
}
