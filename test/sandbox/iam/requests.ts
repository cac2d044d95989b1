/**
 * Requests drawn around what policies say: a statement is chosen, and a request that it means, or nearly: another
 * principal, a neighbouring action, a resource that differs in one place, a condition that is met, missed or absent.
 */
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { asList } from '../../../sandbox/iam/wildcard.ts';
import type { AccessCheck, Caller, Session } from '../../../sandbox/service.ts';
import { ACCOUNT, type Deployed, type Guarded, type Identity } from './deployed.ts';

export interface Request {
  caller: Caller;
  /** Absent: a service, or a principal of another account. */
  identity?: Identity;
  check: AccessCheck;
}

type Values = string | readonly string[];

/** Keys that hold several values at once (service authorization reference: ArrayOfString). */
const MULTIVALUED = new Set(
  ['aws:CalledVia', 'aws:TagKeys', 'dynamodb:Attributes', 'dynamodb:LeadingKeys'].map((key) =>
    key.toLowerCase(),
  ),
);
/** Answered of the caller itself. */
const OF_CALLER = new Set([
  ...['aws:calledvia', 'aws:multifactorauthpresent', 'aws:principalarn', 'aws:securetransport'],
  ...['aws:sourceaccount', 'aws:sourcearn', 'kms:viaservice'],
]);
const SERVICES = ['secretsmanager', 'events', 'cloudwatch', 'lambda', 'states', 'logs', 'athena'];
const VIA = ['secretsmanager', 'dynamodb', 's3', 'sns', 'sqs', 'lambda'];
const START = Date.parse('2026-05-17T17:00:00Z');

/** @param draw from 0 to 1, seeded: the same numbers make the same request */
export function requestFrom(world: Deployed, draw: () => number): Request {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(draw() * of.length)] as T;
  const often = (share: number) => draw() < share;
  const guard = often(0.45) ? pick(withStatements(world.guarded)) : undefined;
  const holder = pick(world.identities.filter(({ policies }) => policies.length > 0));
  const statement = pick(
    (guard === undefined ? holder.policies : [guard.policy]).flatMap(({ Statement: it }) =>
      asList(it),
    ),
  );
  const action = actionNear(pick(asList(statement.Action)), world, { pick, often });
  const meant = guard?.arn ?? concrete(pick(asList(statement.Resource)), pick);
  const ofService = world.guarded.filter((it) => asks(it.arn) === serviceIn(action));
  const resource =
    meant !== '*'
      ? meant
      : (pick([...ofService, undefined])?.arn ??
        `arn:aws:${serviceIn(action)}:eu-west-1:${ACCOUNT}:key/another`);
  const near = world.wildcardOnly.has(action) ? '*' : neighbour(resource, { pick, often });
  const [identity, caller] = whoAsks(world, holder, guard && statement, { pick, often, draw });
  const context = contextFor(statement, { pick, often });
  const policy = ofService.find(({ arn }) => arn === near || near.startsWith(`${arn}/`));
  return {
    ...(identity && { identity }),
    caller: withConditions(caller, statement, { pick, often }),
    check: { action, resource: near, context, ...withPolicy(policy, action, near) },
  };
}

const serviceIn = (action: string): string => action.split(':')[0] ?? '';
/** Whose actions a resource's policy is asked about: trust policies are STS's alone. */
const asks = (arn: string): string =>
  arn.startsWith('arn:aws:iam:') ? 'sts' : (arn.split(':')[2] ?? '');

const withStatements = (guarded: readonly Guarded[]) =>
  guarded.filter(({ policy }) => asList(policy.Statement).length > 0);

/** A key has a policy, without exception; one that is not there lets nobody in. */
const withPolicy = (guard: Guarded | undefined, action: string, resource: string) => ({
  ...(guard && { resourcePolicy: guard.policy }),
  ...((guard?.required ?? (action.startsWith('kms:') && resource !== '*')) && {
    resourcePolicyRequired: true,
  }),
});

interface Chance {
  pick<T>(of: readonly T[]): T;
  often(share: number): boolean;
}

/** Mostly the action itself, else one that some policy names for the same service. */
function actionNear(named: string, world: Deployed, { pick, often }: Chance): string {
  const service = named === '*' ? '' : `${named.split(':')[0]}:`;
  const others = world.actions.filter((it) => it.startsWith(service));
  return (named.includes('*') || often(0.2)) && others.length > 0 ? pick(others) : named;
}

/** Something that a pattern matches. */
function concrete(pattern: string, pick: Chance['pick']): string {
  return pattern === '*'
    ? '*'
    : pattern.replaceAll('*', () => pick(['x', 'a/b', 'a:b', ''])).replaceAll('?', 'q');
}

function neighbour(arn: string, { pick, often }: Chance): string {
  if (often(0.7)) return arn;
  const parts = arn.split(':');
  const change: ((it: string[]) => void)[] = [
    (it) => it.splice(-1, 1, `${it.at(-1)}x`),
    (it) => it.splice(-1, 1, (it.at(-1) ?? '').slice(0, -1)),
    (it) => it.splice(-1, 1, (it.at(-1) ?? '').toUpperCase()),
    (it) => it.splice(3, 1, 'us-east-1'),
    (it) => it.splice(4, 1, '444455556666'),
    (it) => it.push('more'),
  ];
  pick(change)(parts);
  return parts.join(':');
}

type Who = readonly [Identity | undefined, Caller];

/** The holder of the statement, whom a resource's policy names, or somebody else. */
function whoAsks(
  world: Deployed,
  holder: Identity,
  ofResource: Statement | undefined,
  { pick, often, draw }: Chance & { draw: () => number },
): Who {
  const named = namedIn(ofResource);
  const arns = named.filter((it) => it.startsWith('arn:'));
  const services = named.filter((it) => it.endsWith('.amazonaws.com'));
  const identities = world.identities.filter(({ arn }) => arns.includes(arn));
  if (services.length > 0 && often(0.7)) return service(pick(services), { pick, often });
  if (identities.length > 0 && often(0.6)) return session(pick(identities), { pick, often, draw });
  if (often(0.12)) return service(`${pick(SERVICES)}.amazonaws.com`, { pick, often });
  if (often(0.08)) return foreigner(pick(['pipeline', 'pharmacy', 'stranger']));
  const chosen = ofResource === undefined && often(0.75) ? holder : pick(world.identities);
  return session(chosen, { pick, often, draw });
}

const namedIn = (statement: Statement | undefined): string[] =>
  [
    ...(typeof statement?.Principal === 'object'
      ? Object.values(statement.Principal).flatMap(asList)
      : []),
    ...Object.values(statement?.Condition ?? {}).flatMap((keys) =>
      asList(keys['aws:PrincipalArn']).map(String),
    ),
  ] as string[];

const service = (name: string, { pick, often }: Chance): Who => [
  undefined,
  {
    ...{ arn: name, kind: 'service', service: name },
    ...(often(0.8) && { sourceAccount: pick([ACCOUNT, ACCOUNT, '444455556666']) }),
  },
];

const foreigner = (name: string): Who => [
  undefined,
  { arn: `arn:aws:sts::444455556666:assumed-role/${name}/session`, kind: 'role' },
];

/** Keys of their own, or a session with or without MFA. */
function session(identity: Identity, { often, draw }: Chance & { draw: () => number }): Who {
  const { caller } = identity;
  if (caller.kind === 'user' && often(0.5)) return [identity, caller];
  const issuedAt = new Date(START - Math.floor(draw() * 3_600_000));
  const temporary: Session = { issuedAt, ...(often(0.6) && { mfaAt: issuedAt }) };
  return [identity, { ...caller, session: temporary }];
}

/** What the caller itself answers of a statement's conditions. */
function withConditions(caller: Caller, statement: Statement, chance: Chance): Caller {
  const { pick, often } = chance;
  const wanted = (key: string) =>
    Object.entries(statement.Condition ?? {}).flatMap(([, keys]) =>
      Object.entries(keys)
        .filter(([name]) => name.toLowerCase() === key)
        .flatMap(([, values]) => asList(values)),
    );
  const via = wanted('kms:viaservice').map((it) => it.replace('.eu-west-1.', '.'));
  const arn = wanted('aws:sourcearn');
  const chain = wanted('aws:calledvia');
  const through = often(0.8) && via.length > 0 ? pick(via) : `${pick(VIA)}.amazonaws.com`;
  return {
    ...caller,
    ...((via.length > 0 ? often(0.9) : often(0.1)) && { via: through }),
    ...(chain.length > 0 &&
      often(0.8) && { calledVia: often(0.3) ? ['glue.amazonaws.com', ...chain] : chain }),
    ...(caller.kind === 'service' &&
      arn.length > 0 &&
      often(0.85) && { sourceArn: `${concrete(pick(arn), pick)}${often(0.2) ? 'x' : ''}` }),
  };
}

/** For each condition: met, missed, or its key absent. */
function contextFor(statement: Statement, chance: Chance): Record<string, Values> {
  const { pick, often } = chance;
  const context: Record<string, Values> = {};
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    for (const [key, values] of Object.entries(keys)) {
      const met = often(0.75);
      if (OF_CALLER.has(key.toLowerCase()) || (operator === 'Null') === met) {
        if (operator !== 'Null' || asList(values).includes('true')) continue;
      }
      if (!met && often(0.4)) continue;
      const value = () =>
        met ? meeting(operator, asList(values).map(String), pick) : missing(operator);
      context[key] = MULTIVALUED.has(key.toLowerCase())
        ? Array.from({ length: pick([1, 1, 2, 3, 0]) }, () => (often(0.1) ? 'other' : value()))
        : value();
    }
  }
  if (often(0.05)) context['aws:SecureTransport'] = 'false';
  return context;
}

function meeting(operator: string, values: readonly string[], pick: Chance['pick']): string {
  if (/Not/.test(operator)) return pick(['other', 'arn:aws:iam::000000000000:role/other']);
  return concrete(pick(values), pick);
}

const missing = (operator: string): string =>
  /Bool/.test(operator) ? 'true' : /Arn/.test(operator) ? 'arn:aws:s3:::other' : 'other';
