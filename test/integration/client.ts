/** The client as an application deploys it: under the reader's own policy, over a secret that really rotates. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, describe, expect, test } from '@jest/globals';
import { KeysetSigner, KeysetVerifier, SecretCache, tokenKeys } from '../../client/index.ts';
import { secretsManagerSecret } from '../../client/sources/secrets-manager.ts';
import { system } from '../../client/system.ts';
import { readerPolicyName } from '../../domain/config/names.ts';
import example from '../../rotation.config.ts';
import type { World } from './world.ts';

export function client(world: () => World): void {
  const clients: SecretsManagerClient[] = [];
  afterAll(() => {
    for (const each of clients) each.destroy();
  });

  /** One process of the application, with the rights of the reader `api` and no others. */
  function instance() {
    const { sandbox } = world().stage;
    const key = sandbox.createPrincipal('api', {
      managedPolicies: [readerPolicyName({ ...example, environment: 'dev' }, 'api')],
    });
    const own = new SecretsManagerClient({ ...world().accessOf(key), maxAttempts: 1 });
    clients.push(own);
    const clock = { ...system, now: () => sandbox.clock.now() };
    const source = secretsManagerSecret({ secretId: world().name('jwt'), client: own });
    const cache = new SecretCache(source, { parse: tokenKeys(), system: clock });
    return {
      source,
      cache,
      signer: new KeysetSigner(cache, { lifetime: 900, system: clock }),
      verifier: new KeysetVerifier(cache, { system: clock }),
    };
  }

  describe('an application with the reader’s rights', () => {
    test('signs and verifies through a planned rotation, with a neighbour that read at another time', async () => {
      const [one, other] = [instance(), instance()];
      const before = await one.signer.sign({ sub: 'ann' });
      const { kid } = await one.signer.key();
      await world().rotate('jwt');
      const after = await other.signer.sign({ sub: 'ann' });
      expect((await other.signer.key()).kid).not.toBe(kid);
      for (const { verifier } of [one, other]) {
        await expect(verifier.keyFor(before)).resolves.toMatchObject({ kid });
        await expect(verifier.verify(after)).resolves.toMatchObject({ sub: 'ann' });
      }
    });

    test('refuses every token of before an emergency once its stated bound has passed, and signs with the new key', async () => {
      const { signer, verifier } = instance();
      const leaked = await signer.sign({ sub: 'ann' });
      await verifier.verify(leaked);
      await world().preemptAndRotate('jwt', 'emergency');
      await world().later(verifier.revocationBound);
      await expect(verifier.verify(leaked)).rejects.toMatchObject({
        code: 'ERR_ROTATION_TOKEN_KEY_REVOKED',
      });
      await expect(verifier.verify(await signer.sign({ sub: 'ann' }))).resolves.toBeDefined();
    });

    test('needs nothing but GetSecretValue, and may not have the value that is pending', async () => {
      const { source } = instance();
      const before = world().stage.sandbox.requests().length;
      await source.read();
      const asked = world().stage.sandbox.requests().slice(before);
      expect(asked.map(({ operation }) => operation)).toEqual(['GetSecretValue']);
      await expect(source.read('AWSPENDING')).rejects.toMatchObject({
        code: 'ERR_ROTATION_SECRET_READ',
      });
    });
  });
}
