/**
 * 1. One event on the bus, under an id nobody has used.
 * 2. The deployment answers in the control table under that id: what it asked for, and what it refused.
 * 3. Each rotation is followed to its end, all of them at once: Secrets Manager works on them side by side.
 */

import type { TriggerRecord } from '../../domain/events/control-records.ts';
import {
  type DeploymentTrigger,
  deploymentSchema,
  triggerSource,
} from '../../domain/events/triggers.ts';
import type { GatedSecret, GateReport } from '../../domain/reports/gate-report.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import type { OpenDeployment, Terminal } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { NoGateError } from '../errors.ts';
import { follow } from '../rotation/follow.ts';
import { type Ending, type Following, isEnding } from '../rotation/happening.ts';
import { outcomeOf } from '../rotation/outcome.ts';
import { commandsFor } from '../status/commands.ts';
import { heading } from '../status/render.ts';

export interface GateRequest extends Pick<DeploymentTrigger, 'secrets' | 'withinDays' | 'reason'> {
  readonly wait: boolean;
  say(line: string): void;
}

type Asked = TriggerRecord['secrets'][number];

/** EventBridge delivers within seconds; a function that was throttled is tried again for minutes. */
const answerWithin = 5 * 60_000;

/** @throws NoGateError when the deployment takes no such event, or not from this caller */
export async function gate(
  deployment: OpenDeployment,
  terminal: Terminal,
  { wait, say, ...asked }: GateRequest,
): Promise<GateReport> {
  const { manifest, caller } = deployment;
  const id = await deployment.newToken();
  say(heading({ deployment: manifest, caller }));
  await put(deployment, deploymentSchema.parse({ version: 1, id, ...asked }));
  say(`Asked under the id ${id}.`);
  const report = (
    state: GateReport['gate'],
    secrets: readonly GatedSecret[],
    problem?: GateReport['problem'],
  ): GateReport => ({
    report: 'quarterturn-gate',
    ...documentHead(deployment),
    requestId: id,
    gate: state,
    ...(problem && { problem }),
    secrets,
  });

  return terminal.untilInterrupted(async (interrupted) => {
    const answer = await answered(deployment, id, interrupted);
    if (interrupted.aborted) {
      return report('interrupted', []);
    }
    if (answer === undefined) {
      return report('closed', [], {
        code: 'ERR_ROTATION_GATE_UNANSWERED',
        message: `The event ${id} was put on the bus, and nothing came of it for 5 minutes; expected the deployment to answer. Look at the alarms and the dead letters of the deployment.`,
      });
    }
    const secrets = await Promise.all(
      answer.secrets.map((secret) => gated(deployment, secret, { wait, say, interrupted })),
    );
    if (interrupted.aborted) return report('interrupted', secrets);
    const closed = secrets.some(({ state }) => !['finished', 'notDue', 'asked'].includes(state));
    return report(closed ? 'closed' : wait ? 'open' : 'asked', secrets);
  });
}

async function put({ manifest, triggers }: OpenDeployment, detail: DeploymentTrigger) {
  try {
    await triggers(manifest).eventBus.put({
      source: triggerSource,
      detailType: 'credential-deployment',
      detail,
      resources: [],
    });
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) {
      throw new NoGateError(
        `${manifest.name}/${manifest.environment} has no bus for triggers; expected triggers.deployment in its configuration. Nothing was rotated.`,
      );
    }
    if (isAwsError(error, 'AccessDeniedException')) {
      throw new NoGateError(
        `This caller may not put credential-deployment on the bus of ${manifest.name}/${manifest.environment}; expected its role in triggers.deployment.from, and the policy of output GatePolicy on it. Nothing was rotated.`,
      );
    }
    throw error;
  }
}

async function answered(
  { manifest, triggers, clock }: OpenDeployment,
  id: string,
  interrupted: AbortSignal,
): Promise<TriggerRecord | undefined> {
  const { records } = triggers(manifest);
  const until = clock.now().getTime() + answerWithin;
  while (!interrupted.aborted && clock.now().getTime() < until) {
    const record = await records.getTrigger(id);
    if (record?.done === true) return record;
    await clock.sleep(1_000);
  }
  return undefined;
}

async function gated(
  deployment: OpenDeployment,
  { key, name, state, versionId, code, message, command }: Asked,
  { wait, say, interrupted }: Pick<GateRequest, 'wait' | 'say'> & { interrupted: AbortSignal },
): Promise<GatedSecret> {
  if (state === 'notDue') {
    say(`${key.padEnd(20)} not due`);
    return { key, state: 'notDue' };
  }
  const secret = deployment.manifest.secrets.find((candidate) => candidate.key === key);
  if (versionId === undefined || secret === undefined || secret.kind === 'userManaged') {
    say(`${key.padEnd(20)} ${state === 'person' ? 'needs a person' : 'refused'}`);
    return {
      key,
      state: state === 'person' ? 'person' : 'refused',
      problem: {
        code: code ?? 'ERR_ROTATION_TRIGGER_REFUSED',
        message: `${key}: ${message ?? 'it was not asked for'}`,
      },
      ...(command !== undefined && { next: command }),
    };
  }
  say(
    `${key.padEnd(20)} ${state === 'following' ? 'is rotating already' : 'rotates'} (${versionId})`,
  );
  if (!wait) return { key, state: 'asked', versionId };
  const { arn } = await deployment.secretsManager.describe(name);
  const following: Following = { secret, secretArn: arn, token: versionId, interrupted };
  let promoted = false;
  let ending: Ending = { kind: 'interrupted' };
  for await (const happening of follow(deployment, following)) {
    if (happening.kind === 'promoted') promoted = true;
    else if (isEnding(happening)) ending = happening;
  }
  const { outcome, problem, next } = outcomeOf(
    ending,
    following,
    promoted,
    commandsFor(deployment),
  );
  say(`${key.padEnd(20)} ${outcome}`);
  return {
    key,
    versionId,
    state: outcome === 'finished' ? 'finished' : 'failed',
    ...(problem && { problem }),
    ...(next !== undefined && { next }),
  };
}
