/** The blocks of test vectors in docs/ciphertext-formats.md. */
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { textMatching } from '../../../domain/ciphertext/colon-cbc.ts';
import type { Binding, BytesFormat, TextFormat } from '../../../domain/ciphertext/format.ts';
import { CipherKey } from '../../../domain/ciphertext/keys.ts';
import { type FormatSettings, formatOf } from '../../../domain/ciphertext/registry.ts';

export interface Vector {
  name: string;
  format: FormatSettings;
  binding?: Binding;
  key?: string;
  plaintext: string;
  random?: string;
  at?: string;
  sealingKey?: string;
  authenticatedData?: string;
  ciphertext: string;
}

export type RefusedVector = Pick<Vector, 'name' | 'format' | 'binding' | 'ciphertext'> & {
  error: string;
};

export interface Block {
  key: string;
  kid: string;
  vectors: Vector[];
  refused: RefusedVector[];
}

export const page = new URL('../../../docs/ciphertext-formats.md', import.meta.url);

export function documentedBlocks(): Block[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/```json\n([\s\S]*?)```/g);
  return [...blocks].map(([, json]) => JSON.parse(json ?? ''));
}

export function keyOf({ kid, key }: Block, vector: { key?: string } = {}): CipherKey {
  return new CipherKey({ kid, key: createSecretKey(Buffer.from(vector.key ?? key, 'hex')) });
}

/** A document cannot hold a function: the check of plaintexts comes from here. */
export function documentedFormat(settings: FormatSettings): TextFormat | BytesFormat {
  return formatOf(
    settings.name === 'colon-cbc'
      ? { ...settings, isPlaintext: textMatching(/[\s\S]*/u) }
      : settings,
  );
}

/** Texts as they are, bytes in hex. */
export function documentedValue(form: 'text' | 'bytes', ciphertext: string): string | Buffer {
  return form === 'text' ? ciphertext : Buffer.from(ciphertext, 'hex');
}
