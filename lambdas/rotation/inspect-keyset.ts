/** What a rehearsal says of a keyset secret's value: shape, size and kids, never a key. */
import type { KeyFormat } from '../../domain/secrets/encoding.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import type { SecretValue } from '../../domain/secrets/secret-value.ts';
import type { Inspection } from './rehearse.ts';

export function inspectKeyset(
  value: SecretValue,
  secretString: string,
  { field, encoding }: KeyFormat & { field: string },
): Inspection {
  const key = value.shape === 'plain' ? value.key : primaryOf(value.keyset).key;
  return {
    facts: {
      shape: value.shape,
      field,
      // A value that is nothing but the key becomes a document with this field in its first rotation.
      fieldPresent: /^\s*\{/.test(secretString),
      bits: (key.symmetricKeySize ?? 0) * 8,
      encoding,
      ...(value.shape === 'keyset' && { kids: kidsOf(value) }),
    },
    findings: /^\s*\{/.test(secretString)
      ? []
      : [
          {
            code: 'VALUE_BECOMES_JSON',
            level: 'warns',
            message: `The value is the key alone; its first rotation stores a JSON document with the key in ${field}. Readers have to take that field, or the keyset, before it.`,
          },
        ],
  };
}

function kidsOf({ keyset }: Extract<SecretValue, { shape: 'keyset' }>): string[] {
  const primary = primaryOf(keyset).kid;
  return [primary, ...keyset.keys.map(({ kid }) => kid).filter((kid) => kid !== primary)];
}
