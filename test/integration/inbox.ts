/** A user-managed secret, deployed: its owner puts a value, and reads none; the label's event does the rest. */
import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../cli/command.ts';
import { statusReportSchema } from '../../domain/reports/status-report.ts';
import type { Sandbox } from '../../sandbox/start.ts';
import { runCommand } from '../cli/run-command.ts';
import { probeOf, type Vendor } from '../lambdas/user-managed/vendor.ts';

const owner = 'arn:aws:iam::000000000000:user/keeper-of-keys';

/** With the vendor's authority of its own: nothing else of what a deployed function trusts is changed. */
export const secretWithInbox = (vendor: Vendor) => ({
  kind: 'userManaged' as const,
  purpose: 'The API key of the assistant.',
  inbox: {
    owners: [owner],
    field: 'ANTHROPIC_API_KEY',
    probe: { ...probeOf(vendor), ca: { pem: vendor.ca } },
  },
});

export interface Stage {
  sandbox: Sandbox;
  deployment: OpenDeployment;
  vendor: Vendor;
  /** Its name. */
  secret: string;
}

export function inbox(stage: () => Stage): void {
  test('an owner who may put and not read changes a key: tested at the vendor, then in use', async () => {
    const { sandbox, deployment, vendor, secret } = stage();
    const managedPolicies = [...sandbox.resources]
      .filter(([id, { type }]) => type === 'AWS::IAM::ManagedPolicy' && /OwnerPolicy/.test(id))
      .map(([id]) => id);
    const clientOf = (name: string, grant: object) =>
      new SecretsManagerClient({
        endpoint: sandbox.url,
        region: sandbox.region,
        credentials: sandbox.createPrincipal(name, grant),
        maxAttempts: 1,
      });
    const keeper = clientOf('keeper-of-keys', { managedPolicies });
    const administrator = clientOf('administrator', {
      policies: [
        { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
      ],
    });
    const put = async (key: string) => {
      await keeper.send(
        new PutSecretValueCommand({
          SecretId: `${secret}/inbox`,
          SecretString: JSON.stringify({ ANTHROPIC_API_KEY: key }),
        }),
      );
      await sandbox.clock.settle();
    };
    const keyIn = async (VersionStage: string): Promise<string> => {
      const answer = await administrator.send(
        new GetSecretValueCommand({ SecretId: secret, VersionStage }),
      );
      return JSON.parse(answer.SecretString ?? '{}').ANTHROPIC_API_KEY;
    };
    const labels = async () =>
      Object.values(
        (await administrator.send(new DescribeSecretCommand({ SecretId: secret })))
          .VersionIdsToStages ?? {},
      ).flat();
    const statusOf = async () => {
      const { said } = await runCommand(deployment, ['status', 'anthropic', '--json']);
      return statusReportSchema.parse(JSON.parse(said)).secrets[0];
    };

    expect(await statusOf()).toMatchObject({ state: 'uninitialised', findings: [] });
    const [first = '', second = '', unknown = ''] = [1, 2, 3].map(() =>
      randomBytes(24).toString('base64url'),
    );
    vendor.accepted.add(first).add(second);
    await put(first);
    expect(await keyIn('AWSCURRENT')).toBe(first);
    await put(second);
    expect([await keyIn('AWSCURRENT'), await keyIn('AWSPREVIOUS')]).toEqual([second, first]);
    expect(await statusOf()).toMatchObject({
      kind: 'userManaged',
      state: 'current',
      ageDays: 0,
      afterRotation: { state: 'finished' },
      findings: [],
    });

    // Neither what they put nor what is in use: not the owner, and of the inbox nobody at all.
    const read = (client: SecretsManagerClient, SecretId: string) =>
      client.send(new GetSecretValueCommand({ SecretId }));
    const denied = { name: 'AccessDeniedException' };
    await expect(read(keeper, `${secret}/inbox`)).rejects.toMatchObject(denied);
    await expect(read(keeper, secret)).rejects.toMatchObject(denied);
    await expect(read(administrator, `${secret}/inbox`)).rejects.toMatchObject(denied);
    const past = new PutSecretValueCommand({ SecretId: secret, SecretString: '{}' });
    await expect(administrator.send(past)).rejects.toMatchObject(denied);

    // The same again, by hand: refused, and nothing of it is left.
    const again = await runCommand(deployment, ['rotate', 'anthropic', '--no-wait', '--json']);
    expect(again.exitCode).toBe(0);
    await sandbox.clock.settle();
    expect(await labels()).not.toContain('AWSPENDING');
    // A key the vendor does not know: told to whoever looks, and the one in use stays.
    await put(unknown);
    expect(await labels()).not.toContain('AWSPENDING');
    expect(await keyIn('AWSCURRENT')).toBe(second);
    expect((await statusOf())?.findings).toMatchObject([
      { code: 'inboxRefused', message: expect.stringContaining('refused the value with 401') },
    ]);
    const written = JSON.stringify([sandbox.logs(), sandbox.events()]);
    for (const key of [first, second, unknown]) expect(written).not.toContain(key);
  }, 60_000);
}
