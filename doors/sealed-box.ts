/**
 * Sealed boxes of libsodium (X25519, XSalsa20-Poly1305): whoever has the public key can seal, and nobody but the owner
 * of the private key can open (doc.libsodium.net, "Sealed boxes"). It is what GitHub takes secrets in.
 *
 * Loaded when the first box is sealed: the library and its WebAssembly are 424 KB, which lie in a file of their own
 * beside the bundles that need them (scripts/build.ts).
 */

export interface SealedBoxDoor {
  /**
   * @param publicKey 32 bytes, base64
   * @returns base64
   * @throws PublicKeyError
   */
  seal(text: string, publicKey: string): Promise<string>;
}

export class PublicKeyError extends Error {
  override readonly name = 'PublicKeyError';
  readonly code = 'ERR_ROTATION_PUBLIC_KEY';
  constructor(bytes: number) {
    super(
      `The public key has ${bytes} bytes; expected 32, in base64. Nothing was sealed. Look whether the address is that of the GitHub API.`,
    );
  }
}

const keyBytes = 32;

export const sealedBox: SealedBoxDoor = {
  async seal(text, publicKey) {
    const key = Buffer.from(publicKey, 'base64');
    if (key.length !== keyBytes) throw new PublicKeyError(key.length);
    const { default: sodium } = await import('libsodium-wrappers');
    await sodium.ready;
    return Buffer.from(sodium.crypto_box_seal(Buffer.from(text), key)).toString('base64');
  },
};
