/** `quarterturn scan` against what is deployed: the function as bundled, invoked with the operator's key. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, test } from '@jest/globals';
import { askFingerprints } from '../../cli/scan/ask-fingerprints.ts';
import { KnownValues } from '../../cli/scan/known-values.ts';
import { ProductionFiles } from '../../cli/scan/production.ts';
import { scanPath } from '../../cli/scan/scan-path.ts';
import { Scanner } from '../../cli/scan/scanner.ts';
import { answerIn } from '../../doors/function-answer.ts';
import type { World } from './world.ts';

export const fingerprints = (theWorld: () => World) =>
  describe('fingerprints of a deployment', () => {
    const scanKey = '5c'.repeat(32);

    async function invoke(
      credentials: World['stage']['operatorKey'],
      request: object,
      name?: string,
    ) {
      const lambda = new LambdaClient({ ...theWorld().accessOf(credentials), maxAttempts: 1 });
      const { manifest } = theWorld().stage.operator;
      const FunctionName = name ?? manifest.emergency?.fingerprints ?? '';
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }),
      );
      const text = Buffer.from(Payload ?? []).toString('utf8');
      return { text, answer: () => answerIn(FunctionName, text, FunctionError !== undefined) };
    }
    const question = { operation: 'fingerprints', scanKey, secrets: ['jwt'] };

    test('on-call is handed those of every labelled version, and no value in any form', async () => {
      const world = theWorld();
      const { text } = await invoke(world.stage.operatorKey, question);
      const current = (await world.holder('jwt', 'AWSCURRENT')) ?? '';
      const value = (await world.valueOf('jwt', current)) ?? '';
      const { JWT_SECRET: key, keyset } = JSON.parse(value);
      const { secrets } = JSON.parse(text);
      expect(secrets).toEqual([
        expect.objectContaining({ key: 'jwt', name: world.name('jwt'), leftOut: [] }),
      ]);
      // A key that was revoked stands in earlier versions alone.
      const held = keyset.keys.filter((it: { k?: string }) => it.k !== undefined);
      const inCurrent = secrets[0].values.filter(({ versions }: { versions: object[] }) =>
        versions.some((it) => 'versionId' in it && it.versionId === current),
      );
      expect(inCurrent).toHaveLength(held.length);
      expect(held.length).toBeGreaterThan(0);
      const bytes = Buffer.from(key, keyset.encoding);
      for (const secret of [key, bytes.toString('hex'), bytes.toString('base64url')]) {
        for (let at = 0; at + 8 <= secret.length; at += 1) {
          expect(text.includes(secret.slice(at, at + 8))).toBe(false);
        }
      }
    });

    test('what is deployed and what scans recognise the same value', async () => {
      const world = theWorld();
      const { manifest } = world.stage.operator;
      const caller = {
        arn: 'arn:aws:iam::000000000000:user/on-call',
        account: '000000000000',
        region: manifest.region,
      };
      const functions = {
        invoke: async (name: string, request: unknown) =>
          (await invoke(world.stage.operatorKey, request as object, name)).answer(),
      };
      const answer = await askFingerprints({ manifest, functions, caller }, scanKey, ['jwt']);
      const current = (await world.holder('jwt', 'AWSCURRENT')) ?? '';
      const { JWT_SECRET: key } = JSON.parse((await world.valueOf('jwt', current)) ?? '{}');
      const folder = mkdtempSync(join(tmpdir(), 'quarterturn-scan-'));
      try {
        writeFileSync(
          join(folder, 'secret.yaml'),
          `data:\n  key: ${Buffer.from(key).toString('base64')}\n`,
        );
        const { findings } = await scanPath(folder, {
          scanner: new Scanner(new KnownValues(Buffer.from(scanKey, 'hex'), [answer])),
          production: new ProductionFiles([]),
          history: true,
          interrupted: new AbortController().signal,
          read: () => undefined,
          searched: new Set(),
        });
        expect(findings).toEqual([
          expect.objectContaining({
            key: 'jwt',
            state: 'live',
            part: 'whole',
            place: expect.objectContaining({ line: 2 }),
          }),
        ]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test('who is no operator is refused by IAM', async () => {
      const world = theWorld();
      const stranger = world.stage.sandbox.createPrincipal('stranger', { policies: [] });
      await expect(invoke(stranger, question)).rejects.toThrow(/not authorized/);
    });

    test('another question is refused, and its key not repeated', async () => {
      const { operatorKey } = theWorld().stage;
      for (const wrong of [
        { ...question, secrets: ['other'] },
        { ...question, secrets: Array.from({ length: 11 }, (_, index) => `s${index}`) },
        { ...question, scanKey: `${scanKey.slice(1)}x` },
        { ...question, operation: 'values' },
      ]) {
        const { text, answer } = await invoke(operatorKey, wrong);
        expect(answer).toThrow('FingerprintsQuestionError');
        expect(text).not.toContain(scanKey.slice(2, 30));
      }
    });
  });
