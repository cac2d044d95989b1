/** Somebody with a key that was lost: reads what its owner may, and stays in the database. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { KeysetSigner, SecretCache, tokenKeys } from '../../client/index.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { type EmergencyStage, stranger } from './emergency-stage.ts';
import { credentialIn } from './eyes.ts';

export const stolenKeys = ['jwt', 'pii', 'db'] as const;
export type StolenKey = (typeof stolenKeys)[number];
/** So often it reads each of them. */
export const readsOf: Readonly<Record<StolenKey, number>> = { jwt: 2, pii: 1, db: 3 };

interface Claims extends Record<string, unknown> {
  iss: string;
  aud: string;
}
const lifetime = 30 * 86_400;

export class Stranger {
  readonly #stage: EmergencyStage;
  readonly #client: SecretsManagerClient;
  #session: pg.Client | undefined;

  constructor(stage: EmergencyStage) {
    this.#stage = stage;
    const { sandbox } = stage.world.stage;
    const key = sandbox.createPrincipal(stranger.split('/').at(-1) ?? '', {
      policies: [
        {
          Statement: [
            {
              Effect: 'Allow',
              Action: ['secretsmanager:GetSecretValue', 'kms:Decrypt'],
              Resource: '*',
            },
          ],
        },
      ],
    });
    this.#client = new SecretsManagerClient({ ...stage.world.accessOf(key), maxAttempts: 1 });
  }

  async read(key: StolenKey): Promise<string> {
    const answer = await this.#client.send(
      new GetSecretValueCommand({ SecretId: this.#stage.world.name(key) }),
    );
    return answer.SecretString ?? '';
  }

  /** The values, each read as often as is said above. */
  async steal(): Promise<Record<StolenKey, string>> {
    const stolen: Partial<Record<StolenKey, string>> = {};
    for (const key of stolenKeys) {
      for (let time = 0; time < readsOf[key]; time += 1) stolen[key] = await this.read(key);
    }
    return stolen as Record<StolenKey, string>;
  }

  /** Signed with the stolen key for the user of this token, who never asked for it. */
  forge(value: string, token: string): Promise<string> {
    const source = { name: 'jwt', refreshes: false, read: async () => ({ value }) };
    const system = { now: () => this.#stage.world.stage.sandbox.clock.now() };
    const keys = new SecretCache(source, { parse: tokenKeys() });
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { iat: _iat, exp: _exp, iss, aud, ...claims } = JSON.parse(payload) as Claims;
    const settings = { lifetime, issuer: iss, audience: aud, system };
    return new KeysetSigner(keys, settings).sign(claims);
  }

  /**
   * Logs in, sets the role a password of its own choice in a transaction, and does not commit yet.
   * @returns the open session, and that credential
   */
  async stay(value: string): Promise<{ session: pg.Client; evil: Credential }> {
    const credential = credentialIn(value);
    const evil = { ...credential, password: 'chosen-by-a-stranger-of-old' };
    const { host, port, ca } = this.#stage.world.stage.server;
    const session = new pg.Client({
      host,
      port,
      database: 'pharmacy',
      user: credential.username,
      password: credential.password,
      ssl: { ca, servername: host },
    });
    // It is ended from the other side.
    session.on('error', () => undefined);
    this.#session = session;
    await session.connect();
    await session.query('SET ROLE NONE');
    await session.query('BEGIN');
    await session.query(`ALTER ROLE "${evil.username}" PASSWORD '${evil.password}'`);
    return { session, evil };
  }

  async leave(): Promise<void> {
    await this.#session?.end().catch(() => undefined);
    this.#client.destroy();
  }
}
