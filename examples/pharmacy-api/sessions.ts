/** Tokens of users: signed with the primary key of the jwt secret, verified with whichever key they name. */
import { KeysetSigner, KeysetVerifier, TokenRefusedError } from '@quarterturn/client';
import type { Secrets } from './secrets.ts';
import { type User, userSchema } from './users.ts';

const issuer = 'pharmacy-api';

/** No user, or not with this password; no token, or none of ours. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

export class Sessions {
  readonly signer: KeysetSigner;
  readonly verifier: KeysetVerifier;

  constructor(tokens: Secrets['tokens'], lifetime: number) {
    const names = { issuer, audience: issuer };
    this.signer = new KeysetSigner(tokens, { lifetime, ...names });
    this.verifier = new KeysetVerifier(tokens, { ...names, withoutKid: 'refuse' });
  }

  token({ id, workspaceId, role }: User): Promise<string> {
    return this.signer.sign({ sub: id, workspaceId, role });
  }

  /**
   * @param authorization the header
   * @throws UnauthorizedError; SecretUnavailableError, StaleSecretError when the keys cannot be had
   */
  async userOf(authorization: string | undefined): Promise<User> {
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new UnauthorizedError('No bearer token.');
    }
    const { sub, workspaceId, role } = await this.verifier.verify(token).catch(refused);
    const user = userSchema.safeParse({ id: sub, workspaceId, role });
    if (!user.success) {
      throw new UnauthorizedError('A token of nobody.');
    }
    return user.data;
  }
}

function refused(error: unknown): never {
  throw error instanceof TokenRefusedError ? new UnauthorizedError(error.code) : error;
}
