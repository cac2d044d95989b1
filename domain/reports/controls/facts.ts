/** Facts that more than one framework asks for. */
import { isReservation } from '../deployment/evidence-words.ts';
import { isPastLimit } from '../deployment/limit.ts';
import * as words from '../deployment/words.ts';
import type { DeploymentReport, ReportedSecret, RotationEntry } from '../deployment-report.ts';
import { lastDrillWords } from '../emergency-status.ts';
import type { Found } from './control.ts';

type Look = (report: DeploymentReport) => Found[];

const rotated = ({ secrets }: DeploymentReport): ReportedSecret[] =>
  secrets.filter(({ kind }) => kind !== 'userManaged');

const rotationsOf = ({ history }: ReportedSecret): RotationEntry[] =>
  history.filter((entry): entry is RotationEntry => entry.type === 'rotation');

/** Each secret within its own limit; user-managed ones are not judged. */
export const withinLimit: Look = ({ secrets, at }) =>
  secrets.map((secret) => {
    const { key, frequencyDays, nextDueAt, ageDays } = secret;
    if (frequencyDays === undefined) {
      return {
        secret: key,
        result: 'notShown',
        fact:
          ageDays === undefined
            ? 'changed by its owners; its age is not recorded'
            : `changed by its owners, ${words.plural(ageDays, 'day')} ago`,
      };
    }
    if (nextDueAt === undefined) {
      return { secret: key, result: 'fail', fact: `its age is not known: ${secret.reason}` };
    }
    const isLate = isPastLimit(secret, at);
    return {
      secret: key,
      result: isLate ? 'fail' : 'pass',
      fact: `${words.plural(ageDays ?? 0, 'day')} old, limit ${frequencyDays} days (${words.nextDue(secret)})`,
    };
  });

/** Encrypted with a key whose policy the account writes. */
export const customerKeys: Look = ({ secrets }) =>
  secrets.map((secret) => {
    const { managedBy } = secret.encryption;
    const result = managedBy === 'customer' ? 'pass' : managedBy === 'aws' ? 'fail' : 'notShown';
    return { secret: secret.key, result, fact: words.encryption(secret) };
  });

/** Every promoted rotation of the period has its audit event. */
export const audited: Look = (report) => {
  const { state } = report.auditLog;
  if (state !== 'read') {
    return [{ result: 'notShown', fact: words.coverage(report) }];
  }
  return rotated(report).flatMap((secret): Found[] => {
    const done = rotationsOf(secret).filter(
      ({ outcome }) => outcome === 'rotated' || outcome === 'stopped',
    );
    const alone = done.filter(({ proof }) => proof === 'auditEventAlone');
    if (alone.length > 0) {
      const days = alone.map(({ at }) => words.day(at)).join(', ');
      const fact = `nothing but an event on the bus tells of the rotation of ${days}`;
      return [{ secret: secret.key, result: 'fail', fact }];
    }
    const without = done.filter(({ proof }) => proof !== 'auditEvent');
    if (done.length === 0) {
      return [{ secret: secret.key, result: 'notShown', fact: 'no rotation ended in the period' }];
    }
    return [
      without.length === 0
        ? {
            secret: secret.key,
            result: 'pass',
            fact: `${words.plural(done.length, 'rotation')} in the period, each with its audit event`,
          }
        : {
            secret: secret.key,
            result: 'fail',
            fact: `no audit event of the rotation of ${without.map(({ at }) => words.day(at)).join(', ')}`,
          },
    ];
  });
};

/** Who asked for each rotation, and why. */
export const attributed: Look = (report) =>
  rotated(report).flatMap((secret): Found[] => {
    const known = rotationsOf(secret).filter(({ trigger }) => trigger !== undefined);
    const nobody = known.filter(({ trigger }) => trigger?.attributed === false);
    if (known.length === 0) {
      return [
        { secret: secret.key, result: 'notShown', fact: 'no rotation is recorded in the period' },
      ];
    }
    if (nobody.length > 0) {
      const days = nobody.map(({ at }) => words.day(at)).join(', ');
      return [
        {
          secret: secret.key,
          result: 'fail',
          fact: `nobody is recorded for the rotation of ${days}`,
        },
      ];
    }
    return [
      {
        secret: secret.key,
        result: 'pass',
        fact: `${words.plural(known.length, 'rotation')}, each with who asked for it`,
      },
    ];
  });

/** What the last rotation found out about the old and the new credential of a database. */
export const credentialsProven: Look = (report) =>
  rotated(report)
    .filter(({ kind }) => kind === 'database')
    .map((secret) => {
      const [last] = rotationsOf(secret).filter(({ evidence }) => evidence.length > 0);
      if (last === undefined) {
        return {
          secret: secret.key,
          result: 'notShown',
          fact: 'no rotation with evidence in the period',
        };
      }
      const told = last.evidence.filter(({ fact }) =>
        ['loginAccepted', 'oldCredentialRefused', 'oldCredentialNotProvenDead'].includes(fact),
      );
      const fact = `${words.day(last.at)}: ${told.map((one) => one.words).join('; ') || 'no login was probed'}`;
      const accepted = told.some((one) => one.fact === 'loginAccepted');
      const open = told.some(isReservation);
      return { secret: secret.key, result: accepted && !open ? 'pass' : 'notShown', fact };
    });

/** The rows of an encryption secret under its current key. */
export const rowsProven: Look = (report) =>
  rotated(report)
    .filter(({ kind }) => kind === 'encryption')
    .map((secret) => {
      const last = secret.history.find(({ type }) => type === 'reencryption');
      if (last?.type !== 'reencryption') {
        return {
          secret: secret.key,
          result: 'notShown',
          fact: 'no re-encryption ended in the period',
        };
      }
      const fact = `${words.day(last.at)}: rows moved to key ${last.targetKid}, ${last.outcome}`;
      const sum = words.evidence(last).join('; ');
      const told = sum === '' ? fact : `${fact}; ${sum}`;
      const inUse = rotationsOf(secret).find(({ primary }) => primary !== undefined);
      if (inUse !== undefined && inUse.primary !== last.targetKid) {
        return {
          secret: secret.key,
          result: 'notShown',
          fact: `key ${inUse.primary} is in use since ${words.day(inUse.at)}, and no row is proven to be under it yet; ${told}`,
        };
      }
      return {
        secret: secret.key,
        result: last.outcome === 'verified' ? 'pass' : 'fail',
        fact: told,
      };
    });

/** Writes past the rotation that were noticed. */
export const writesNoticed: Look = (report) => {
  if (report.auditLog.state !== 'read') {
    return [{ result: 'notShown', fact: words.coverage(report) }];
  }
  const found = report.secrets.flatMap(({ key, history }) =>
    history.flatMap((entry): Found[] =>
      entry.type === 'unmanagedWrite'
        ? [
            {
              secret: key,
              result: 'fail',
              fact: `written outside of a rotation on ${words.day(entry.at)}`,
            },
          ]
        : [],
    ),
  );
  return found.length > 0
    ? found
    : [{ result: 'pass', fact: 'no write outside of a rotation was noticed in the period' }];
};

/** Whom the deployment lets read; nothing else of the account is seen. */
export const readersNamed: Look = ({ secrets }) =>
  secrets.map((secret) => ({
    secret: secret.key,
    result: 'notShown',
    fact: `this deployment lets ${words.access(secret)} read it; rights given elsewhere are not seen`,
  }));

/** The sheet of contacts and its review. */
export const contactsReviewed: Look = ({ contacts }) => {
  if (contacts === undefined) {
    return [{ result: 'notShown', fact: 'the deployment names no contacts' }];
  }
  const { reviewedOn, nextReviewOn, reviewOverdue, people } = contacts;
  const fact =
    reviewedOn === undefined
      ? `${words.plural(people.length, 'contact')}, never reviewed`
      : `${words.plural(people.length, 'contact')}, reviewed ${reviewedOn}, next review ${nextReviewOn}`;
  return [{ result: reviewOverdue ? 'fail' : 'pass', fact }];
};

/** Whether the response to an exposure was practised, and what that found. */
export const practised: Look = ({ lastDrill }) => {
  if (lastDrill === undefined) {
    return [{ result: 'notShown', fact: 'nothing is recorded of drills' }];
  }
  const { outcome, overdue } = lastDrill;
  const fails = overdue || outcome === 'findings' || outcome === 'died';
  const shows = outcome === 'passed' && !overdue;
  return [
    { result: fails ? 'fail' : shows ? 'pass' : 'notShown', fact: lastDrillWords(lastDrill) },
  ];
};
