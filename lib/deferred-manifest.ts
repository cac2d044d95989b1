/** A manifest with tokens in it, as its parts carry it: the tokens in a list, and in the text where each belongs. */
import { Token, Tokenization } from 'aws-cdk-lib/core';
import type { Manifest } from '../domain/config/manifest.ts';
import type { Deferred, DeferredManifest } from '../domain/config/manifest-parts.ts';

/** Longer than the endpoint of a cluster: 63 characters of its name, 12 of AWS, region and domain. */
const textBytes = 160;
const numberBytes = 20;

export function deferManifest(manifest: Manifest): {
  document: DeferredManifest;
  deferred: readonly Deferred[];
} {
  const deferred: Deferred[] = [];
  const indexes = new Map<string, number>();
  const defer = (json: string, bytes: number) => {
    const known = indexes.get(json);
    if (known !== undefined) {
      return { deferred: known };
    }
    indexes.set(json, deferred.length);
    return { deferred: deferred.push({ json, bytes }) - 1 };
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string' && Token.isUnresolved(value)) {
      // JSON leaves the encoding of a token as it is. What it becomes is a name, which needs no escape.
      return defer(JSON.stringify(value), textBytes);
    }
    if (typeof value === 'number' && Token.isUnresolved(value)) {
      return defer(Token.asString(Tokenization.reverseNumber(value)), numberBytes);
    }
    if (Array.isArray(value)) {
      return value.map(walk);
    }
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member)]))
      : value;
  };
  const document = Object.fromEntries(
    Object.entries(manifest).map(([key, member]) => [key, walk(member)]),
  ) as DeferredManifest;
  return { document, deferred };
}
