import { describe, expect, test } from '@jest/globals';
import {
  type RotationAuditEvent,
  rotationAuditEventSchema,
  unmanagedWriteEventSchema,
} from '../../../domain/events/audit-event.ts';

const at = '2026-05-17T17:00:02.000Z';
const v1 = '11111111-1111-4111-8111-111111111111';
const secret = { name: 'pharmacy/prod/jwt', arn: 'arn:aws:secretsmanager:…' };
const event: RotationAuditEvent = {
  type: 'credential-secret-rotation',
  version: 1,
  id: v1,
  at,
  secret,
  kind: 'jwt',
  versionId: v1,
  basedOn: null,
  intent: 'planned',
  material: { primary: '9f2c41aa07be63d1' },
  rotations: [
    {
      versionId: v1,
      intent: 'planned',
      basedOn: null,
      at,
      triggeredBy: { attributed: false, backstopProbably: true },
      steps: { createSecret: { at, milliseconds: 12, outcome: 'created' } },
      evidence: [{ fact: 'loginAccepted', detail: { role: 'pharmacy_app_a' } }],
    },
  ],
  outcome: 'rotated',
  afterRotation: { execution: 'arn:aws:states:…', startedAt: at, endedAt: at },
  logsEveryoneOut: false,
};

test('an event as it is written is accepted', () => {
  expect(rotationAuditEventSchema.parse(event)).toEqual(event);
});

/** Every object of the event, by path. */
function* objects(value: unknown, path: string[] = []): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield path;
  for (const [key, inner] of Object.entries(value)) yield* objects(inner, [...path, key]);
}

describe('a key that is not named in the schema is refused', () => {
  // What a fact is about is free, by design: names and numbers of the target.
  const paths = [...objects(event)].filter((path) => path.at(-1) !== 'detail');

  test.each(paths.map((path) => [path.join('.') || 'the event', path] as const))(
    'in %s',
    (_at, path) => {
      const copy = structuredClone(event);
      let at = copy as unknown as Record<string, unknown>;
      for (const key of path) at = at[key] as Record<string, unknown>;
      at.password = 'hunter2';
      const result = rotationAuditEventSchema.safeParse(copy);
      expect(result.success).toBe(false);
      expect(String(result.error)).not.toContain('hunter2');
    },
  );

  test('in an unmanaged write', () => {
    const write = { type: 'unmanaged-secret-write', version: 1, id: v1, at, secret, versionId: v1 };
    expect(unmanagedWriteEventSchema.safeParse(write).success).toBe(true);
    expect(unmanagedWriteEventSchema.safeParse({ ...write, value: 'x' }).success).toBe(false);
  });
});

test('a nested object cannot hide in the detail of a fact', () => {
  const copy = structuredClone(event);
  Object.assign(copy.rotations[0]?.evidence[0]?.detail ?? {}, { nested: { k: 'x' } });
  expect(rotationAuditEventSchema.safeParse(copy).success).toBe(false);
});
