/** What the deployment and other rooms leave: files beside a bundle, records of the control table, logins, columns. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as z from 'zod';
import { intentRecordSchema } from '../../../domain/events/control-records.ts';
import { controlItems } from '../../../doors/control-items.ts';
import { declaredColumns, neighbouringColumns } from '../../../doors/declared-columns.ts';
import { deployedFile } from '../../../doors/deployed-file.ts';
import { executionEnds } from '../../../doors/execution-ends.ts';
import { ownTexts } from '../../../doors/own-texts.ts';
import { shapeOf } from '../../../doors/postgres/fields/shape.ts';
import { proveOld } from '../../../lambdas/database/prove-old.ts';
import { proveProxy } from '../../../lambdas/database/prove-proxy.ts';
import { restoreLogin } from '../../../lambdas/database/restore-login.ts';
import { retireRole } from '../../../lambdas/database/retire-role.ts';
import { deployedDatabases } from '../../../lambdas/operator/databases.ts';
import { readCredential } from '../../../lambdas/operator/logins.ts';
import { rowsLogin } from '../../../lambdas/reencryption/rows-login.ts';
import { deployedTriggers } from '../../../lambdas/triggers/settings.ts';
import { closedDoors } from '../../bad-input/closed-doors.ts';
import { settings } from '../../bad-input/stage.ts';
import { documents, texts } from '../mutations.ts';
import { ofSchema } from '../of-schema.ts';
import { isTyped, type Target } from '../target.ts';
import { target } from './agree.ts';
import { repository } from './scan.ts';

const columns = [{ id: 'a.b', table: 'public.a', column: 'b', format: 'qt1', profile: 'column' }];
const files = [
  'columns.json',
  'neighbours.json',
  'messages.json',
  'databases.json',
  'triggers.json',
  'any.json',
];
const anything = z.looseObject({ name: z.string() });

/** All of them are of one text: each of their readers has its own refusal. */
function readAll(text: string): unknown[] {
  const folder = join(repository(), 'bundle');
  mkdirSync(folder, { recursive: true });
  for (const file of files) writeFileSync(join(folder, file), text);
  const readers = [
    () => declaredColumns(folder),
    () => neighbouringColumns(folder),
    () => ownTexts(folder),
    () => deployedDatabases(folder, {}),
    () => deployedTriggers(folder),
    () => deployedFile(anything, 'any.json', folder, { DEFERRED_1: 'x' }),
  ];
  let refused: unknown;
  const read = readers.map((reader) => {
    try {
      return reader();
    } catch (error) {
      if (!isTyped(error)) throw error;
      refused = error;
      return undefined;
    }
  });
  if (refused !== undefined) throw refused;
  return read;
}

const credential = JSON.stringify({ username: 'app', password: 'abcdefghijklmnop', port: 5432 });
const intent = ofSchema(intentRecordSchema).map((record) => JSON.stringify(record));
const told = closedDoors({ made: [] }, { now: new Date(), secretName: 'x' });
const tools = { settings, door: closedDoors({ made: [] }), ca: '', sleep: async () => undefined };
const shapes = (['json', 'jsonb', '_text', 'text', 'bytea'] as const).map((type) =>
  shapeOf({ ...columns[0], ...(type.startsWith('json') && { path: ['a'] }) } as never, {
    type,
    limit: undefined,
  }),
);

export const deployedTargets: readonly Target<never>[] = [
  target({
    name: 'files beside a bundle',
    inputs: (canary) =>
      fc.oneof(
        texts([JSON.stringify(columns), '{"name":"$DEFERRED_1"}', '[]'], canary, [
          '$DEFERRED_1',
          '$DEFERRED_9',
          '"',
          '{',
        ]),
        documents(fc.constant(columns), canary).map((changed) => JSON.stringify(changed) ?? ''),
      ),
    run: readAll,
    refuses: 'x',
  }),
  target({
    name: 'doors/control-items.ts: a record of the control table',
    inputs: (canary) => fc.oneof(intent, texts(['{"intent":"planned"}'], canary)),
    run: (text) =>
      controlItems('table', {
        send: async () => ({
          Item: { pk: { S: 'a' }, sk: { S: 'b' }, record: { S: text }, revision: { N: '1' } },
        }),
      } as never).get(intentRecordSchema, 'intent.planned', 'a', 'b'),
    refuses: 'x',
  }),
  target({
    name: 'doors/execution-ends.ts: a cause',
    inputs: (canary) => texts(['{"errorMessage":"x"}', 'null', '[]'], canary),
    run: (cause) =>
      executionEnds({ send: async () => ({ status: 'FAILED', error: 'X', cause }) } as never).endOf(
        'arn',
      ),
  }),
  target({
    name: 'lambdas: logins of the operator and of the rows',
    inputs: (canary) =>
      fc.oneof(
        texts([credential], canary, ['"password":', '5432']),
        documents(fc.constant(JSON.parse(credential)), canary).map(
          (changed) => JSON.stringify(changed) ?? '',
        ),
      ),
    run: async (text) => {
      const secretsManager = { getCurrentValue: async () => text };
      const rows = { secretsManager, deployed: { rowsSecretArn: 'arn' } } as never;
      return [
        await readCredential({ secretsManager } as never, 'arn:a:b:c:d:e:name', {
          host: 'db',
          port: 5432,
        } as never).catch(async (error: unknown) => {
          if (!isTyped(error)) throw error;
          return undefined;
        }),
        await rowsLogin(rows),
      ];
    },
    accepts: credential,
    refuses: '{}',
  }),
  target({
    name: 'doors/postgres/fields: what a column holds',
    // The server wrote it (to_jsonb, array_to_json): it is JSON, of whatever shape.
    inputs: (canary) =>
      documents(fc.constantFrom('x', ['a', null], { a: 'b' }), canary).map(
        (value) => JSON.stringify(value) ?? 'null',
      ),
    run: (raw) => shapes.map((shape) => [shape.decode(raw), shape.decode(null)]),
    accepts: '["a"]',
    // bytea has an output form of its own, and nothing else comes out of the server.
    isOwn: (error) =>
      (error as Error).name === 'RangeError' && /bytea/.test((error as Error).message),
  }),
  target({
    name: 'lambdas/database: its operations',
    inputs: (canary) =>
      documents(
        fc.constantFrom({ operation: 'restoreLogin' }, { operation: 'retireRole' }, {}),
        canary,
      ),
    async run(input) {
      const refusals: unknown[] = [];
      for (const operation of [proveOld, proveProxy, retireRole, restoreLogin]) {
        try {
          await operation(input, told as never, tools as never, true);
        } catch (error) {
          refusals.push(error);
        }
      }
      const untyped = refusals.find((error) => !isTyped(error));
      throw untyped ?? refusals.at(-1);
    },
  }),
];
