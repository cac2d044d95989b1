/** What applications import. Needs no other package; adapters are subpaths of their own. */
export * from './errors.ts';
export {
  type Cached,
  type ReadReport,
  SecretCache,
  type SecretCacheOptions,
} from './secret-cache.ts';
export type { ReadSecret, SecretSource } from './secret-source.ts';
export { injectedSecret } from './sources/injected.ts';
export { type System, system } from './system.ts';
