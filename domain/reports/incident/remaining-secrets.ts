/** What is left to be done about the secrets themselves, their sessions, their rows and their copies. */
import type { IncidentSecret, Remaining } from '../../events/incident-report.ts';
import type { Told } from './build.ts';
import * as commands from './commands.ts';
import { plural } from './words.ts';

type Item = Remaining | undefined;
const keysOf = (secrets: readonly IncidentSecret[]): string[] => secrets.map(({ key }) => key);
const isReplaced = ({ promotedAt }: IncidentSecret): boolean => promotedAt !== undefined;

export function everySecret(told: Told): Item[] {
  return [exposed(told), others(told), ...byPeople(told), ...rows(told)];
}

function exposed({ facts, secrets }: Told): Item {
  const named = secrets.filter((secret) => secret.exposed && secret.standing !== 'person');
  if (named.length === 0) return undefined;
  const left = named.filter(({ standing }) => standing !== 'dead' && standing !== 'readableOnly');
  return {
    id: 'exposed',
    words: 'What was exposed is replaced, and the old credentials are proven dead',
    state: left.length === 0 ? 'done' : 'open',
    because: named.map(({ key, words }) => `${key}: ${words}`),
    ...(left.length > 0 && { who: 'security' }),
    commands: left.length === 0 ? [] : [commands.resume(facts.emergency, facts.manifest)],
  };
}

/** R15: all secrets, even if not exposed. */
function others({ facts, secrets }: Told): Item {
  const { manifest, emergency } = facts;
  const armed = new Set(
    manifest.secrets.filter((one) => one.armed !== false).map(({ key }) => key),
  );
  const rotating = secrets.filter(
    ({ key, kind, standing, exposed: is }) =>
      !is && kind !== 'userManaged' && standing !== 'person' && armed.has(key),
  );
  if (rotating.length === 0) return undefined;
  const left = rotating.filter((secret) => !isReplaced(secret));
  return {
    id: 'others',
    words: 'Everything else is replaced, too, exposed or not',
    state: left.length === 0 ? 'done' : 'open',
    because: rotating.map(({ key, words }) => `${key}: ${words}`),
    ...(left.length > 0 && { who: 'security' }),
    commands: left.length === 0 ? [] : [commands.replace(keysOf(left), emergency, manifest)],
  };
}

/** Only their owners can change them, or nothing rotates them yet. */
function byPeople({ facts, secrets }: Told): Item[] {
  const { manifest } = facts;
  const given = new Map(facts.secrets.map(({ key, command }) => [key, command]));
  const unarmed = new Set(
    manifest.secrets.filter((one) => one.armed === false).map(({ key }) => key),
  );
  return secrets
    .filter(
      ({ key, kind, standing }) =>
        standing === 'person' ||
        (standing === 'notTouched' && (kind === 'userManaged' || unarmed.has(key))),
    )
    .map(({ key, kind, exposed: is, reason }) => {
      const command =
        given.get(key) ??
        (kind !== 'userManaged' && unarmed.has(key) ? commands.adopt(key, manifest) : undefined);
      return {
        id: 'byHand',
        words: `${is ? 'EXPOSED: ' : ''}${key} is changed ${kind === 'userManaged' ? 'by its owners, where it is issued' : 'by hand: nothing rotates it yet'}`,
        state: 'open',
        because: reason === undefined ? [] : [reason],
        who: kind === 'userManaged' ? 'its owners' : 'on-call',
        commands: command === undefined ? [] : [command],
      };
    });
}

function rows({ facts, secrets }: Told): Item[] {
  const reencrypted = new Set(
    facts.manifest.secrets.filter((one) => one.reencryption !== undefined).map(({ key }) => key),
  );
  return secrets
    .filter((secret) => secret.kind === 'encryption' && isReplaced(secret))
    .map(({ key, rows: told }) => {
      const left =
        told?.left === undefined ? '' : `, ${plural(told.left, 'row')} left when last counted`;
      const moves = told?.state === 'due' || told?.state === 'active';
      const isDone = told?.state === 'verified';
      return {
        id: 'rows',
        words: `Every row under ${key} is under its new key`,
        state: isDone ? 'done' : moves ? 'underWay' : 'open',
        because: [
          told === undefined
            ? reencrypted.has(key)
              ? 'Nothing is recorded of its rows yet'
              : 'Nothing here moves its rows'
            : `Re-encryption: ${told.state}${left}`,
          ...(isDone ? [] : ['Until then whoever has the old key can read what is under it']),
        ],
        ...(!isDone && !moves && { who: 'on-call' }),
        commands: isDone || !reencrypted.has(key) ? [] : [commands.rows(key, facts.manifest)],
      };
    });
}

export function sessions({ facts, secrets }: Told): Item {
  const known = secrets.filter(
    ({ kind, state }) =>
      kind === 'jwt' || (kind === 'database' && state !== undefined && state !== 'person'),
  );
  if (known.length === 0) return undefined;
  const left = known.filter((secret) => !haveEnded(secret));
  const tokens = left.filter(({ kind, state }) => kind === 'jwt' && state === undefined);
  return {
    id: 'sessions',
    words: 'Every session from before has ended, of users and of the database',
    state: left.length === 0 ? 'done' : 'open',
    because: known.map(
      (secret) => `${secret.key}: ${haveEnded(secret) ? 'ended' : 'not shown to have ended'}`,
    ),
    ...(left.length > 0 && { who: 'security' }),
    commands:
      tokens.length === 0
        ? []
        : [commands.replace(keysOf(tokens), facts.emergency, facts.manifest)],
  };
}

/** Tokens: their keys are revoked. Database: sessions were ended, or none was open. */
function haveEnded({ kind, standing, evidence }: IncidentSecret): boolean {
  if (kind === 'jwt') return standing === 'dead';
  return evidence.some(
    ({ fact, detail }) =>
      fact === 'sessionsEnded' || (fact === 'sessionsOfOldCredential' && detail?.open === 0),
  );
}

/** Places the values were copied to, and that this cannot look into. */
export function copies({ facts, secrets, readers }: Told): Item[] {
  const replaced = new Set(keysOf(secrets.filter(isReplaced)));
  const targets = (facts.manifest.sync?.targets ?? []).filter(({ secret }) => replaced.has(secret));
  const settled = new Set(
    secrets.filter(({ afterRotation }) => afterRotation === 'finished').map(({ key }) => key),
  );
  const left = targets.filter(({ secret }) => !settled.has(secret));
  const elsewhere = readers.audit?.notVisible ?? [];
  return [
    targets.length === 0
      ? undefined
      : {
          id: 'copies',
          words: 'Every copy that the deployment keeps has the new value',
          state: left.length === 0 ? 'done' : 'open',
          because: targets.map(
            ({ secret, target }) =>
              `${target} (${secret}): ${settled.has(secret) ? 'was given it; what follows the rotation has finished' : 'not known to have it'}`,
          ),
          ...(left.length > 0 && { who: 'on-call' }),
          commands: left.length === 0 ? [] : [commands.status(facts.manifest)],
        },
    elsewhere.length === 0
      ? undefined
      : {
          id: 'notVisible',
          words: 'Ask who could read the copies whose reads leave no trace',
          state: 'open',
          because: elsewhere.map(({ what, detail }) => `${what}: ${detail}`),
          who: 'security',
          commands: [],
        },
  ];
}
