/** How an emergency ended, in words: what it means and what to do next. */
import type { EmergencyDocument } from '../../domain/reports/emergency-document.ts';
import { type ExitCode, exitCodes, type OpenDeployment } from '../command.ts';
import { documentHead } from '../document-head.ts';
import type { Ending } from './happening.ts';
import { drilledBy, type Followed, type Look } from './look.ts';

type Outcome = Pick<EmergencyDocument, 'outcome' | 'problem' | 'next' | 'drilled'>;

export const again = ({ manifest }: Pick<OpenDeployment, 'manifest'>, option: string): string =>
  `npx quarterturn emergency ${option} --deployment ${manifest.name}/${manifest.environment}`;

/** Nothing was begun. */
export const refusedDocument = (
  deployment: OpenDeployment,
  problem: EmergencyDocument['problem'],
): EmergencyDocument => ({
  report: 'quarterturn-emergency',
  ...documentHead(deployment),
  outcome: 'refused',
  ...(problem && { problem }),
  stages: [],
  secrets: [],
});

/** @param look what was seen last; absent: nobody looked (`--no-wait`) */
export async function documentOf(
  deployment: OpenDeployment,
  followed: Followed,
  ending: Ending | { kind: 'started' },
  look?: Look,
): Promise<EmergencyDocument> {
  const { id } = followed;
  const { head, stages = [], secrets = [] } = look ?? {};
  return {
    report: 'quarterturn-emergency',
    ...documentHead(deployment),
    id,
    ...(await outcomeOf(deployment, followed, ending, look)),
    ...(head && { emergency: head }),
    stages: [...stages],
    secrets: [...secrets],
  };
}

async function outcomeOf(
  deployment: OpenDeployment,
  followed: Followed,
  ending: Ending | { kind: 'started' },
  look: Look | undefined,
): Promise<Outcome> {
  const { id } = followed;
  switch (ending.kind) {
    case 'started':
      return { outcome: 'started', next: again(deployment, `--follow ${id}`) };
    case 'interrupted':
      return {
        outcome: 'interrupted',
        problem: {
          code: 'ERR_ROTATION_INTERRUPTED',
          message: `No longer followed. ${id} goes on by itself.`,
        },
        next: again(deployment, `--follow ${id}`),
      };
    case 'died':
      return diedOutcome(deployment, followed, look);
    case 'over':
      return endedOutcome(deployment, look);
  }
}

async function diedOutcome(
  deployment: OpenDeployment,
  { id, execution }: Followed,
  look: Look | undefined,
): Promise<Outcome> {
  const head = look?.head;
  const last = execution ?? head?.execution;
  const end = last === undefined ? undefined : await deployment.executionEnds.endOf(last);
  const why = end?.state === 'failed' ? ` ${sentence(end.message)} (${end.error})` : '';
  const code = 'ERR_ROTATION_EMERGENCY_DIED';
  if (head === undefined) {
    const message = `${id} was refused before anything was begun.${why} Nothing was changed.`;
    return { outcome: 'incomplete', problem: { code, message } };
  }
  const message = `No execution is at work on ${id}, and its record says that one is.${why} What is done stays done; another execution under the same id goes on with the rest.`;
  return {
    outcome: 'incomplete',
    problem: { code, message },
    next: again(deployment, `--resume ${id}`),
  };
}

async function endedOutcome(deployment: OpenDeployment, look?: Look): Promise<Outcome> {
  const { head, stages = [], secrets = [] } = look ?? {};
  if (head === undefined) return { outcome: 'incomplete' };
  const drilled = await drilledBy(deployment, head);
  const failed = [
    ...stages
      .filter(({ state }) => state === 'failed')
      .map(({ stage, reason }) => `${stage} failed: ${reason ?? 'no reason recorded'}`),
    ...secrets
      .filter(({ state }) => state === 'failed')
      .map(({ key, reason }) => `${key} failed: ${reason ?? 'no reason recorded'}`),
    ...(head.ended === undefined ? [] : [head.ended]),
  ];
  if (head.state !== 'closed') {
    return {
      outcome: 'incomplete',
      ...(drilled && { drilled }),
      problem: {
        code: 'ERR_ROTATION_EMERGENCY_INCOMPLETE',
        message: `${head.id} is not closed. ${failed.map(sentence).join(' ')} What is done stays done; another execution under the same id tries the rest again.`,
      },
      next: again(deployment, `--resume ${head.id}`),
    };
  }
  if (!head.drill) return { outcome: 'closed' };
  if (drilled === undefined || drilled.outcome === 'passed') {
    return { outcome: 'passed', ...(drilled && { drilled }) };
  }
  return {
    outcome: 'findings',
    drilled,
    problem: {
      code: 'ERR_ROTATION_DRILL_FINDINGS',
      message: `The drill ${head.id} has ${drilled.findings} ${drilled.findings === 1 ? 'finding' : 'findings'}: in a real emergency that much would stand in the way. Its report tells each, and what to do.`,
    },
    next: again(deployment, `--report ${head.id}`),
  };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export function exitCodeOf({ outcome, secrets }: EmergencyDocument): ExitCode {
  switch (outcome) {
    case 'closed':
      // The machine did what it can; the rest is their owners'.
      return secrets.some(({ state }) => state === 'person') ? exitCodes.findings : exitCodes.ok;
    case 'passed':
    case 'lifted':
    case 'started':
      return exitCodes.ok;
    case 'interrupted':
      return exitCodes.interrupted;
    case 'incomplete':
    case 'findings':
    case 'refused':
      return exitCodes.failed;
  }
}
