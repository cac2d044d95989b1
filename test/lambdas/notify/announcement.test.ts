/** What a message may say of the deployment, and which events are about it at all. */
import { describe, expect, test } from '@jest/globals';
import type { Manifest, ManifestSecret } from '../../../domain/config/manifest.ts';
import type { Announced } from '../../../domain/events/announced.ts';
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import { backgroundOf, parseAnnouncement } from '../../../lambdas/notify/announcement.ts';
import * as events from '../../domain/events/announced-events.ts';
import { database, mail, scalar } from '../emergency/deployment.ts';
import { pharmacy, signingSecret } from '../pharmacy.ts';

const pii = scalar as Extract<ManifestSecret, { kind: 'encryption' }>;
const login = database as Extract<ManifestSecret, { kind: 'database' }>;
const jwt = signingSecret('jwt');
const arnOf = (name: string) =>
  `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`;
const neighbour = arnOf('pharmacy/prod/anything');
const about = (event: Announced, secrets: ManifestSecret[]) => {
  const manifest: Manifest = { ...pharmacy, secrets, consumers: [] };
  return backgroundOf(event, manifest, { neighbour, timeZone: 'Europe/Vienna' });
};
const of = ({ name }: ManifestSecret): Announced => ({
  ...events.overdue,
  secret: { name, arn: arnOf(name) },
});
const always = { application: 'pharmacy', environment: 'prod', timeZone: 'Europe/Vienna' };
const nothing = {
  ...{ signsOut: false, maintenance: false, behindProxy: false },
  readerCacheSeconds: 300,
};

describe('of the secret it is about, a message knows', () => {
  test.each<[string, ManifestSecret, object]>([
    ['that nobody is signed out', jwt, { key: 'jwt', ...nothing }],
    [
      'that everybody is',
      { ...jwt, logsEveryoneOut: true },
      { key: 'jwt', ...nothing, signsOut: true },
    ],
    ['a login', login, { key: 'db', ...nothing }],
    [
      'that RDS Proxy is in front of it',
      { ...login, connection: 'rdsProxy' as const },
      { key: 'db', ...nothing, behindProxy: true },
    ],
    [
      'that another pooler is no matter',
      { ...login, connection: 'pgbouncer' as const },
      { key: 'db', ...nothing },
    ],
    [
      'that its rows move with consumers stopped',
      pii,
      { key: 'pii', ...nothing, maintenance: true },
    ],
    [
      'that they move meanwhile',
      {
        ...pii,
        reencryption: pii.reencryption && { ...pii.reencryption, mode: 'online' as const },
      },
      { key: 'pii', ...nothing },
    ],
    ['that no rows follow', { ...pii, reencryption: undefined }, { key: 'pii', ...nothing }],
    ['nothing of what people change', mail, { key: 'mail', ...nothing, readerCacheSeconds: 0 }],
  ])('%s', (_title, secret, known) => {
    expect(about(of(secret), [secret])).toEqual({ ...always, ...known });
  });

  test('its own, also beside others', () => {
    const other = { ...jwt, key: 'first', name: 'pharmacy/prod/first', logsEveryoneOut: true };
    expect(about(of(jwt), [other, jwt])).toMatchObject({ key: 'jwt', signsOut: false });
  });
});

describe('what is about the whole deployment', () => {
  const whole = { ...always, ...nothing, readerCacheSeconds: 0 };
  const emergency = (phase: EmergencyEvent['phase'], jwtState: string): Announced =>
    ({
      ...events.emergency,
      phase,
      secrets: [
        { key: 'jwt', name: jwt.name, exposed: true, state: jwtState },
        { key: 'db', name: login.name, exposed: false, state: 'proven' },
      ],
    }) as Announced;

  test('is a certificate by its name, a trigger by its kind', () => {
    expect(about(events.certificate, [])).toEqual({ ...whole, key: 'www' });
    const asked = events.triggered.secrets.map(({ key, name }) => signingSecret(key, name));
    expect(about(events.triggered, asked)).toEqual({ ...whole, key: 'exposure' });
  });

  test('is an emergency: at its beginning of what it is to change, later of what it has changed', () => {
    const kinds = (event: Announced) => about(event, [jwt, login]).kinds;
    expect(about(emergency('begun', 'waiting'), [jwt, login])).toEqual({
      ...whole,
      key: 'emergency',
      kinds: ['jwt', 'database'],
    });
    expect(kinds(emergency('closed', 'proven'))).toEqual(['jwt', 'database']);
    expect(kinds(emergency('closed', 'failed'))).toEqual(['database']);
    expect(kinds(emergency('incomplete', 'failed'))).toEqual(['database']);
  });
});

describe('what is not about this deployment is refused with the reason', () => {
  const here = 'expected one of this deployment as docs/events.md describes it.';
  test.each<[string, Announced, ManifestSecret[], string]>([
    [
      'a certificate',
      { ...events.certificate, deployment: 'pharmacy/dev' },
      [],
      'is about a certificate of another deployment',
    ],
    [
      'a trigger',
      { ...events.triggered, deployment: 'other/prod' },
      [jwt, login],
      'is about a trigger or a secret of another deployment',
    ],
    [
      'one secret of a trigger',
      events.triggered,
      [login],
      'is about a trigger or a secret of another deployment',
    ],
    [
      'an emergency',
      { ...events.emergency, deployment: 'pharmacy/dev', secrets: [] },
      [],
      'is about an emergency or a secret of another deployment',
    ],
    [
      'one secret of an emergency',
      events.emergency,
      [{ ...jwt, key: 'another' }],
      'is about an emergency or a secret of another deployment',
    ],
    [
      'a secret',
      of(jwt),
      [login],
      'is about a secret that this deployment does not have, or one of another account or region',
    ],
  ])('%s', (_title, event, secrets, found) => {
    expect(() => about(event, secrets)).toThrow(`The event ${found}; ${here}`);
  });

  test.each<[string, unknown, string]>([
    ['no event', 42, 'does not fit in its shape'],
    [
      'another source',
      { source: 'aws.s3', 'detail-type': events.overdue.type, detail: events.overdue },
      'does not fit in source',
    ],
    [
      'a field too many',
      {
        source: 'quarterturn',
        'detail-type': events.overdue.type,
        detail: { ...events.overdue, value: 'x' },
      },
      'does not fit in detail',
    ],
    [
      'two types',
      {
        source: 'quarterturn',
        'detail-type': 'credential-rotation-failed',
        detail: events.overdue,
      },
      'names in detail-type another type than in its detail',
    ],
  ])('%s', (_title, event, found) => {
    expect(() => parseAnnouncement(event)).toThrow(`The event ${found}; ${here}`);
  });
});
