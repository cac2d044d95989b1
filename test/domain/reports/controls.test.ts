/** Controls are judged by what was read; where nothing was, nothing is claimed. */
import { describe, expect, test } from '@jest/globals';
import { withControls } from '../../../domain/reports/controls/controls.ts';
import type { DeploymentFacts, FactsOfSecret } from '../../../domain/reports/deployment/facts.ts';
import type { ControlReport } from '../../../domain/reports/deployment-report.ts';
import {
  line,
  nameOf,
  pharmacyFacts,
  pharmacyReport,
  rotationEvent,
  versionId,
} from './pharmacy.ts';

function control(id: string, change: Partial<DeploymentFacts> = {}): ControlReport {
  const found = withControls(pharmacyReport(change)).controls?.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no control ${id}`);
  return found;
}
const of = ({ evidence }: ControlReport, key?: string) =>
  evidence.filter(({ secret }) => secret === key).map(({ result, fact }) => `${result}: ${fact}`);

type Description = NonNullable<FactsOfSecret['description']>;
/** The facts, with jwt described otherwise. */
function described(change: (description: Description) => Description): Partial<DeploymentFacts> {
  const { secrets } = pharmacyFacts();
  return {
    secrets: secrets.map((secret) =>
      secret.key === 'jwt' && secret.description
        ? { ...secret, description: change(secret.description) }
        : secret,
    ),
  };
}
/** The facts, with jwt not described at all. */
const untold: Partial<DeploymentFacts> = {
  secrets: pharmacyFacts().secrets.map((secret) =>
    secret.key === 'jwt' ? { ...secret, description: undefined } : secret,
  ),
};

describe('Security Hub', () => {
  test('.1: rotation is enabled, or it is not', () => {
    const judged = control('SecretsManager.1');
    expect(of(judged, 'jwt')).toEqual(['pass: rotation is enabled in Secrets Manager']);
    expect(of(judged, 'dbAdmin')).toEqual(['fail: rotation is not enabled in Secrets Manager']);
    expect(judged.result).toBe('fail');
  });

  test('.2: the native rule passed its date, or the last rotation failed', () => {
    const judged = control('SecretsManager.2');
    expect(of(judged, 'pii')[0]).toMatch(/^pass: rotated on 2026-05-07, next by 2026-08-04/);
    expect(of(judged, 'legacyDb')).toEqual(['fail: the rotation of 2026-05-28 failed']);
    expect(of(judged, 'jwt')[0]).toMatch(/^fail: the native rule was due on 2026-05-16/);
    expect(of(judged, 'dbAdmin')[0]).toMatch(/^notShown/);
  });

  test('.3: 90 days without a read, counted from the making where it was never read', () => {
    const on = (lastAccessedDate: string) =>
      control(
        'SecretsManager.3',
        described((it) => ({ ...it, lastAccessedDate: new Date(lastAccessedDate) })),
      );
    expect(of(on('2026-02-28T00:00:00Z'), 'jwt')[0]).toMatch(/^pass: last read on 2026-02-28/);
    expect(of(on('2026-02-27T00:00:00Z'), 'jwt')[0]).toMatch(/^fail/);
    const never = described(({ lastAccessedDate: _, ...rest }) => rest);
    expect(of(control('SecretsManager.3', never), 'jwt')[0]).toMatch(/^fail: never read/);
  });

  test('.4: 90 days by default; a longer cadence says what parameter it needs', () => {
    const judged = control('SecretsManager.4');
    expect(of(judged, 'pii')).toEqual(['pass: last rotated 2026-05-07, 22 days ago']);
    expect(of(judged, 'db')[0]).toMatch(
      /^fail: last rotated 2026-02-09, 109 days ago: beyond the default of 90 days, within its own cadence of 180$/,
    );
    expect(of(judged, 'jwt')).toEqual(['fail: last rotated 2025-11-18, 192 days ago']);
    expect(judged.supports).toContain('maxDaysSinceRotation set to 180');
  });

  test('.5: a tag of AWS’s own is none', () => {
    const only = (tags: Record<string, string>) =>
      of(
        control(
          'SecretsManager.5',
          described((it) => ({ ...it, tags })),
        ),
        'jwt',
      );
    expect(only({ owner: 'platform' })).toEqual(['pass: tags: owner']);
    expect(only({ 'aws:cloudformation:stack-name': 'x' })).toEqual(['fail: it has no tag']);
  });

  test('nothing is claimed of a secret that Secrets Manager did not describe', () => {
    for (const id of [1, 2, 3, 4, 5]) {
      expect(of(control(`SecretsManager.${id}`, untold), 'jwt')[0]).toMatch(/^notShown/);
    }
    expect(of(control('secretsmanager-using-cmk', untold), 'jwt')).toEqual(['notShown: not told']);
  });

  test('the AWS managed key is no customer managed one, named or not', () => {
    const key = (kmsKeyId: string | undefined) => {
      const change = described(({ kmsKeyId: _, ...rest }) => ({
        ...rest,
        ...(kmsKeyId !== undefined && { kmsKeyId }),
      }));
      return of(control('secretsmanager-using-cmk', change), 'jwt')[0];
    };
    expect(key('arn:aws:kms:eu-west-1:123456789012:key/1')).toMatch(/^pass/);
    expect(key(undefined)).toMatch(/^fail/);
    expect(key('alias/aws/secretsmanager')).toMatch(/^fail/);
  });
});

describe('HIPAA and SOC 2', () => {
  test('password management: the age, and the old credential refused', () => {
    const judged = control('164.308(a)(5)(ii)(D)');
    expect(of(judged, 'db')).toEqual([
      'pass: 109 days old, limit 180 days (2026-08-08)',
      'pass: 2026-02-09: the database accepted the new credential of pharmacy_app_b; the old credential of pharmacy_app_a was refused',
    ]);
    expect(of(judged, 'jwt')[0]).toBe('fail: 192 days old, limit 180 days (2026-05-17)');
    // The old one was not proven dead: no pass.
    expect(of(judged, 'legacyDb')[1]).toMatch(/^notShown: 2025-12-04: .*not proven dead/);
  });

  test('audit controls: an event for every rotation; where the log was not read, nothing is claimed', () => {
    const judged = control('164.312(b)');
    expect(of(judged, 'pii')).toEqual([
      'pass: 5 rotations in the period, each with its audit event',
    ]);
    const { auditLog } = pharmacyFacts();
    const denied = { auditLog: { ...auditLog, state: 'denied' as const, lines: [] } };
    expect(control('164.312(b)', denied)).toMatchObject({ result: 'notShown' });
    expect(control('CC7.2', denied)).toMatchObject({ result: 'notShown' });
    const lost = {
      auditLog: {
        ...auditLog,
        lines: auditLog.lines.filter((text) => !text.includes('2026-05-07T03:00')),
      },
    };
    expect(of(control('164.312(b)', lost), 'pii')).toEqual([
      'fail: no audit event of the rotation of 2026-05-07',
    ]);
  });

  test('audit controls: an event that nothing else knows of is no proof', () => {
    const { auditLog } = pharmacyFacts();
    const made = line(rotationEvent('pii', 'encryption', 77, { at: '2026-05-20T03:00:10Z' }));
    const forged = { auditLog: { ...auditLog, lines: [...auditLog.lines, made] } };
    expect(of(control('164.312(b)', forged), 'pii')).toEqual([
      'fail: nothing but an event on the bus tells of the rotation of 2026-05-20',
    ]);
  });

  test('integrity: rows under the key before the present one prove nothing of the present one', () => {
    const { auditLog } = pharmacyFacts();
    const event = rotationEvent('pii', 'encryption', 5, { at: '2026-05-07T03:00:10Z' });
    const lines = auditLog.lines.map((text) =>
      text.includes('rotation') && text.includes(versionId('pii', 5))
        ? line({ ...event, material: { primary: 'k5', replaced: 'k4' } })
        : text,
    );
    expect(of(control('164.312(c)(1)', { auditLog: { ...auditLog, lines } }), 'pii')[0]).toMatch(
      /^notShown: key k5 is in use since 2026-05-07, and no row is proven to be under it yet; 2026-05-07: rows moved to key k4/,
    );
  });

  test('integrity: rows moved, and how many did not open', () => {
    expect(of(control('164.312(c)(1)'), 'pii')[0]).toMatch(
      /^pass: 2026-05-07: rows moved to key k4, verified; 96420 values sealed anew/,
    );
  });

  test('anomalies: a write outside of a rotation speaks against it', () => {
    expect(control('CC7.2')).toMatchObject({ result: 'pass' });
    const { auditLog } = pharmacyFacts();
    const at = '2026-05-01T03:00:10Z';
    const write = {
      type: 'unmanaged-secret-write',
      version: 1,
      id: versionId('w', 1),
      at,
      secret: { name: nameOf('jwt'), arn: 'arn:aws:secretsmanager:::x' },
      versionId: versionId('jwt', 7),
    };
    const lines = [...auditLog.lines, line(write)];
    expect(of(control('CC7.2', { auditLog: { ...auditLog, lines } }), 'jwt')).toEqual([
      'fail: written outside of a rotation on 2026-05-01',
    ]);
  });

  test('change management: who asked for each rotation', () => {
    expect(of(control('CC8.1'), 'db')[0]).toMatch(/^pass: 4 rotations, each with who asked for it/);
  });

  test('who else has access is never claimed', () => {
    expect(control('164.312(a)(1)').result).toBe('notShown');
    expect(control('CC6.3').result).toBe('notShown');
  });

  test('no contacts, contacts reviewed, and a review that is overdue', () => {
    expect(control('CC7.4').result).toBe('pass');
    expect(control('CC7.4', { contacts: undefined }).result).toBe('notShown');
    const contacts = pharmacyFacts().contacts;
    if (contacts === undefined) throw new Error('no contacts');
    const old = { contacts: { ...contacts, reviewedOn: '2025-01-01' } };
    expect(control('CC7.4', old).result).toBe('fail');
  });

  test.each([
    [{ outcome: 'passed' }, 'pass', 'Last drill of an emergency: 2026-04-01, passed.'],
    [{ outcome: 'findings', findings: 2 }, 'fail', '2 findings.'],
    [{ outcome: 'died' }, 'fail', 'it did not come to its end.'],
    [{ overdue: true }, 'fail', 'The next one was due on 2026-07-01, and was not made.'],
    [{ outcome: 'none' }, 'notShown', 'none yet; the calendar starts one every 3 months.'],
    [{ outcome: 'unknown' }, 'notShown', 'not known'],
    [undefined, 'notShown', 'nothing is recorded of drills'],
  ] as const)('the last drill of an emergency speaks: %j', (change, result, fact) => {
    const { lastDrill } = pharmacyFacts();
    if (lastDrill === undefined) throw new Error('no drill');
    const told = control('164.308(a)(6)(ii)', {
      lastDrill: change === undefined ? undefined : { ...lastDrill, ...change },
    });
    expect(told.result).toBe(result);
    expect(told.evidence.at(-1)?.fact).toContain(fact);
  });

  test('no control says that anybody complies', () => {
    for (const one of withControls(pharmacyReport()).controls ?? []) {
      expect(JSON.stringify(one)).not.toMatch(/compli(es|ant|ance)/i);
    }
  });
});
