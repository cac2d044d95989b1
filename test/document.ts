/** A checked-in document that is made from the product: compared exactly, written again with UPDATE_DOCS=1. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** @param path below the root of the tree */
export function expectDocument(path: string, text: string): void {
  const file = join(root, path);
  if (process.env.UPDATE_DOCS === '1') {
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}
