/** What is done once a rotation has failed, by the service, by a person, by a machine, or by nobody. */
import type { IntentRecord } from '../../domain/events/control-records.ts';
import { FunctionDiedError } from '../in-process/faults.ts';
import { watchAndTick } from './nobody.ts';
import { recordCompromised, type Scenario, secretName } from './room.ts';
import { excused } from './rooms/databases.ts';
import type { Stand } from './stand.ts';

/**
 * - sameToken:  the service tries the whole rotation again, under its token
 * - sameStep:   the step that failed is run once more, and those after it
 * - cancel:     CancelRotateSecret, AWSPENDING removed as its page says, a rotation under another token
 * - rollBack:   a rollback on top: preempt, then its own rotation
 * - emergency:  an emergency on top, likewise
 * - nobody:     nobody for 24 h, not even the service; then watch and cadence
 */
export const recoveries = [
  'sameToken',
  'sameStep',
  'cancel',
  'rollBack',
  'emergency',
  'nobody',
] as const;
export type Recovery = (typeof recoveries)[number];

/** A rollback that was refused, by the code it was refused with. */
export interface Recovered {
  /** Expected to be AWSCURRENT. */
  readonly token: string;
  readonly refused?: string;
}

const day = 24 * 3_600_000;
const leaseMinutes = 61;

export async function intentFor(
  stand: Stand,
  scenario: Scenario,
): Promise<Partial<IntentRecord> & { intent: IntentRecord['intent'] }> {
  if (scenario === 'activate') {
    const versionId = stand.labels().AWSCURRENT ?? '';
    const { publishedKid: kid = 'none' } =
      (await stand.control.getAfterRotation(secretName, versionId)) ?? {};
    return { intent: 'activate', activate: { versionId, kid } };
  }
  return { intent: scenario === 'firstValue' ? 'planned' : scenario };
}

/** Under another token. In an emergency what was promoted meanwhile has leaked as well: why else is there another one. */
async function askAnew(stand: Stand, scenario: Scenario): Promise<string> {
  if (scenario === 'emergency') {
    await recordCompromised(stand);
  }
  await stand.room.beforeAsking?.(stand);
  return stand.begin(await intentFor(stand, scenario));
}

export async function recover(
  stand: Stand,
  scenario: Scenario,
  token: string,
  recovery: Recovery,
): Promise<Recovered> {
  switch (recovery) {
    case 'sameToken':
      return untilPromoted(stand, scenario, token);
    case 'sameStep':
      await sameStep(stand, token);
      return untilPromoted(stand, scenario, token);
    case 'cancel':
      return cancel(stand, scenario, token);
    case 'rollBack':
      return onTop(stand, scenario, token, 'rollback');
    case 'emergency':
      return onTop(stand, scenario, token, 'emergency');
    case 'nobody':
      return nobody(stand, scenario, token);
  }
}

async function nobody(stand: Stand, scenario: Scenario, token: string): Promise<Recovered> {
  const { AWSCURRENT: before } = stand.labels();
  stand.secrets.rotations.stop(stand.secret);
  await stand.pass(day);
  const { AWSPENDING: left } = stand.labels();
  await again(stand, () => watchAndTick(stand, scenario, left));
  stand.calls.repair();
  takeUp(stand, token);
  await stand.settle();
  const { AWSCURRENT: current, AWSPENDING: pending } = stand.labels();
  // Where the way was free, the cadence has asked for what is due: under a token of its own.
  const asked = current === before ? pending : current;
  return untilPromoted(stand, scenario, asked ?? token);
}

/** The service's retries; what was refused for good is repaired, and the service's next window takes it up. */
async function untilPromoted(
  stand: Stand,
  scenario: Scenario,
  first: string,
): Promise<Recovered & { givenUp?: string }> {
  let token = first;
  let givenUp: string | undefined;
  for (let attempt = 0; attempt < 4; attempt++) {
    await stand.settle();
    const labels = stand.labels();
    if (labels.AWSCURRENT === token) {
      await untilFinished(stand, token);
      return { token, ...(givenUp !== undefined && { givenUp }) };
    }
    stand.calls.repair();
    if (labels.AWSPENDING === token) {
      takeUp(stand, token);
    } else {
      givenUp ??= lastWord(stand);
      // Given up: its label was taken away, so that somebody may ask anew.
      token = await askAnew(stand, scenario);
    }
  }
  throw new Error(`${token} is not promoted after every try`);
}

/** Promoted, and its last step failed after that: what was refused is repaired, and the step finds its work done. */
async function untilFinished(stand: Stand, token: string): Promise<void> {
  stand.calls.repair();
  takeUp(stand, token);
  await stand.settle();
}

/** "That rotation will be reattempted": with the token it has, if its last step failed. */
function takeUp(stand: Stand, token: string): void {
  const closes = new Date(stand.clock.now().getTime() + day);
  const isLabelled = (stand.secret.state.versions.get(token)?.labels.size ?? 0) > 0;
  if (isLabelled && stand.steps.findLast((run) => run.token === token)?.failed) {
    stand.secrets.rotations.start(stand.secret, token, closes);
  }
}

/** As on-call resumes it, at the step that failed. */
async function sameStep(stand: Stand, token: string): Promise<void> {
  const failed = stand.steps.findIndex((run) => run.token === token && run.failed);
  if (failed === -1) {
    return;
  }
  const order = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
  for (const Step of order.slice(order.indexOf(stand.steps[failed]?.step ?? ''))) {
    try {
      await stand.invoke({
        Step,
        ...{ SecretId: stand.arn, ClientRequestToken: token },
      });
    } catch {
      // The service tries everything again by itself.
      return;
    }
  }
}

async function cancel(stand: Stand, scenario: Scenario, token: string): Promise<Recovered> {
  const { secretsManager } = stand.faulty;
  const excuse = { shutOut: false, byHand: false, ...excused.get(stand) };
  excused.set(stand, excuse);
  await again(stand, () =>
    stand.calls.invocation('operator', async () => {
      await secretsManager.cancelRotation(stand.arn);
      const { AWSPENDING: pending, AWSCURRENT: current } = stand.labels();
      if (pending !== undefined && pending !== current) {
        // Whatever the server accepts by now, its only label may be this one (reliability.md 2a, baseline).
        excuse.byHand = true;
        await secretsManager.moveLabel({
          ...{ secretId: stand.arn, label: 'AWSPENDING', from: pending },
        });
      }
    }),
  );
  const isOver = stand.labels().AWSCURRENT === token;
  if (isOver) {
    // The operator has switched it off; to deploy again switches it on.
    await stand.configure();
  }
  const recovered = isOver
    ? await rotateNext(stand)
    : await untilPromoted(stand, scenario, await askAnew(stand, scenario));
  excuse.byHand = false;
  return recovered;
}

/** A planned rotation, once what follows the one before is over. */
export async function rotateNext(stand: Stand): Promise<Recovered> {
  await settleRows(stand);
  await stand.followUp((activating) => untilPromoted(stand, 'activate', activating));
  await stand.room.beforeAsking?.(stand);
  return untilPromoted(stand, 'planned', await stand.begin({ intent: 'planned' }));
}

/** The machine of the re-encryption, which closes what a rotation has left open. */
async function settleRows(stand: Stand): Promise<void> {
  await stand.control.updateReencryption(secretName, (standing) =>
    standing === undefined ? undefined : { ...standing, state: 'closed' },
  );
}

async function onTop(
  stand: Stand,
  scenario: Scenario,
  interrupted: string,
  intent: 'rollback' | 'emergency',
): Promise<Recovered> {
  const { controlTable, secretsManager } = stand.faulty;
  const token = stand.nextToken();
  if (intent === 'emergency') {
    excused.set(stand, { shutOut: true, byHand: false });
    await stand.room.beforeAsking?.(stand);
  }
  const owner = 'on-call';
  await again(stand, () =>
    stand.calls.invocation('operator', async () => {
      if (intent === 'emergency') {
        await recordCompromised(stand, controlTable, token);
      }
      const at = stand.clock.now().toISOString();
      await controlTable.putIntent(secretName, { intent, token, requestedBy: owner, at });
      await stand.invoke({ operation: 'preempt', ...{ token, owner, minutes: 60 } });
      const asked = { secretId: stand.arn, clientRequestToken: token };
      // What was looked at may have been a moment old, so that the way was not cleared.
      if ((await secretsManager.rotate(asked)) === 'inProgress') {
        throw new Error('a rotation is in the way');
      }
    }),
  );
  await stand.settle();
  const { AWSCURRENT: current, AWSPENDING: pending } = stand.labels();
  if (current === token || pending === token) {
    const { givenUp, ...recovered } = await untilPromoted(stand, scenario, token);
    // Refused at a later try: until then something else had kept it from saying so.
    const isRefused = intent === 'rollback' && givenUp !== undefined;
    return isRefused ? { ...recovered, refused: givenUp } : recovered;
  }
  const refused = lastWord(stand);
  // Its lease stands until it ends, and keeps everybody else out.
  await stand.pass(leaseMinutes * 60_000);
  stand.calls.repair();
  if (current === interrupted) {
    return { token: interrupted, refused };
  }
  const asked = await askAnew(stand, scenario);
  return { ...(await untilPromoted(stand, scenario, asked)), refused };
}

export const killed = 'killed before it could say why';

/** In the function's log, whatever became of the note in the control table. */
function lastWord(stand: Stand): string {
  if (stand.answers.at(-1) instanceof FunctionDiedError) {
    return killed;
  }
  const failed = stand.log.findLast(({ event }) => event === 'failed');
  return String((failed?.fields as { code?: unknown } | undefined)?.code);
}

/** A person, or a machine, tries once more what went wrong. */
async function again(stand: Stand, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === 3) throw error;
      stand.calls.repair();
    }
  }
}
