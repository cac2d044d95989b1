/** What applications import. Needs no other package; adapters are subpaths of their own. */

export {
  CiphertextError,
  DisabledKeyError,
  UnknownCiphertextKeyError,
} from '../domain/ciphertext/errors.ts';
export {
  ClientError,
  ClientSettingsError,
  MissingPeerError,
  SecretCacheClosedError,
  SecretNotReadyError,
  SecretParseError,
  SecretReadError,
  SecretUnavailableError,
  StaleSecretError,
} from './errors.ts';
export type { ColumnSettings, Row } from './fields/column.ts';
export type { ColumnCipher, ToOpen, ToSeal } from './fields/column-cipher.ts';
export * from './fields/errors.ts';
export { FieldCipher, type FieldCipherOptions } from './fields/field-cipher.ts';
export { type FieldKeys, type FieldKeysOptions, fieldKeys } from './fields/field-keys.ts';
export type { Claims, ClaimsPolicy } from './jwt/claims.ts';
export type { TokenHeader, TokenParts } from './jwt/compact-token.ts';
export * from './jwt/errors.ts';
export {
  KeysetSigner,
  type KeysetSignerOptions,
  type SigningHeader,
} from './jwt/keyset-signer.ts';
export { KeysetVerifier, type KeysetVerifierOptions } from './jwt/keyset-verifier.ts';
export {
  type TokenAlgorithm,
  type TokenKey,
  type TokenKeys,
  type TokenKeysOptions,
  tokenKeys,
} from './jwt/token-keys.ts';
export {
  type Cached,
  type ReadReport,
  SecretCache,
  type SecretCacheOptions,
} from './secret-cache.ts';
export type { ReadSecret, SecretSource } from './secret-source.ts';
export { injectedSecret } from './sources/injected.ts';
export { type System, system } from './system.ts';
