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
  const defer = (text: string, bytes: number): number => {
    // JSON leaves the encoding of a token as it is. What it becomes is a name or a number, which needs no escape.
    const json = JSON.stringify(text);
    const index = indexes.get(json) ?? deferred.push({ json, bytes }) - 1;
    indexes.set(json, index);
    return index;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string' && Token.isUnresolved(value)) {
      return { deferred: defer(value, textBytes) };
    }
    if (typeof value === 'number' && Token.isUnresolved(value)) {
      return {
        deferredNumber: defer(Token.asString(Tokenization.reverseNumber(value)), numberBytes),
      };
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
