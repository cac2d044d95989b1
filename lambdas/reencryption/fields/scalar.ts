/** Columns that are one value: text, varchar, bytea. */
import { Buffer } from 'node:buffer';
import { quoteLiteral } from '../../../doors/postgres/identifiers.ts';
import type { FieldShape, Stored } from '../field.ts';

const nothing: Stored = { kind: 'null' };

export function textField(value: string, _type: string, limit: number | undefined): FieldShape {
  return {
    read: `${value}::text`,
    size: `octet_length(${value})`,
    decode: (raw) => (raw === null ? nothing : { kind: 'texts', texts: [raw] }),
    encode: ([text]) => text ?? '',
    parameter: 'text[]',
    // Byte for byte: under a nondeterministic collation two different texts may be equal.
    same: (old) => `${value}::text = ${old} collate "C"`,
    change: (_base, _old, now) => now,
    settled: (prefix) => `(${value} = '' or starts_with(${value}::text, ${quoteLiteral(prefix)}))`,
    limit,
  };
}

export function binaryField(value: string): FieldShape {
  return {
    read: value,
    size: `octet_length(${value})`,
    // bytea_output is hex for the session.
    decode: (raw) =>
      raw === null
        ? nothing
        : { kind: 'texts', texts: [Buffer.from(raw.slice(2), 'hex').toString('latin1')] },
    encode: ([text]) => `\\x${Buffer.from(text ?? '', 'latin1').toString('hex')}`,
    parameter: 'bytea[]',
    same: (old) => `${value} = ${old}`,
    change: (_base, _old, now) => now,
    settled: (prefix) => {
      const bytes = Buffer.from(prefix, 'latin1');
      return `(${value} = '' or substring(${value} from 1 for ${bytes.length}) = '\\x${bytes.toString('hex')}'::bytea)`;
    },
  };
}
