/** One emergency or drill from what was asked to its end: shown, confirmed, started, followed. */
import type { EmergencyDocument } from '../../domain/reports/emergency-document.ts';
import type { OpenDeployment, Terminal } from '../command.ts';
import { wrap } from '../table.ts';
import { type Asked, inputOf } from './asked.ts';
import { begin, newId } from './begin.ts';
import { again, documentOf, refusedDocument } from './document.ts';
import { follow } from './follow.ts';
import { type Ending, type Happening, isEnding } from './happening.ts';
import type { Followed, Look } from './look.ts';
import { drillLines, planLines } from './plan.ts';
import { progressOf } from './progress.ts';

export interface Watching {
  readonly terminal: Terminal;
  /** Standard output is a document's alone. */
  readonly json: boolean;
  readonly say: (line: string) => void;
  /** False: only until the machine has it. */
  readonly wait: boolean;
}

/** @throws typed errors before anything is begun */
export async function askFor(
  deployment: OpenDeployment,
  asked: Asked,
  watching: Watching & { readonly yes: boolean },
): Promise<EmergencyDocument> {
  const { manifest } = deployment;
  const { terminal, say } = watching;
  const id = await newId(deployment);
  const input = inputOf(deployment, asked, id);
  const lines = asked.drill ? drillLines(manifest, input) : planLines(manifest, input);
  for (const line of [...lines, ...(await alreadyRunning(deployment))]) {
    for (const part of wrap(line, terminal.columns)) say(part);
  }
  const refusal = asked.drill ? undefined : await notConfirmed(deployment, watching);
  if (refusal !== undefined) return refusal;
  const execution = await begin(deployment, { ...input, id });
  say(`${id} has begun. It goes on whether anybody looks or not.`);
  return followTo(deployment, { id, execution }, watching);
}

/**
 * Typed, not answered: a y out of habit stops no company.
 * @returns undefined: go on
 */
export async function notConfirmed(
  deployment: OpenDeployment,
  { terminal, yes }: { terminal: Terminal; yes: boolean },
): Promise<EmergencyDocument | undefined> {
  const { name, environment } = deployment.manifest;
  const words = `${name}/${environment}`;
  if (yes || (await terminal.confirmByTyping(`Type ${words} to begin:`, words))) return undefined;
  const message = terminal.interactive
    ? `Not confirmed: expected "${words}", typed. Nothing was changed.`
    : 'Nobody can be asked here; expected --yes. Nothing was changed.';
  return refusedDocument(deployment, { code: 'ERR_ROTATION_NOT_CONFIRMED', message });
}

/** Another one does not forbid this one; somebody may have meant to follow it. */
async function alreadyRunning({ emergencyRecords }: OpenDeployment): Promise<string[]> {
  const [newest] = await emergencyRecords.getEmergencies(1);
  if (newest?.state !== 'running') return [];
  const what = newest.drill ? 'A drill' : 'An emergency';
  return [
    `${what} is under way since ${newest.startedAt}: ${newest.id} (${newest.exposed.join(', ')}; ${newest.reason}). To follow it instead: npx quarterturn emergency --follow ${newest.id}`,
  ];
}

/** Until it is over, or Ctrl-C ends the following; of what is followed it ends nothing. */
export async function followTo(
  deployment: OpenDeployment,
  followed: Followed,
  { terminal, json, say, wait }: Watching,
): Promise<EmergencyDocument> {
  if (!wait) return documentOf(deployment, followed, { kind: 'started' });
  const { ending, look } = await terminal.untilInterrupted(async (interrupted) => {
    const progress = progressOf(terminal, json, say);
    try {
      return await tellAll(follow(deployment, followed, interrupted), progress.tell);
    } catch (error) {
      progress.tell({ kind: 'interrupted' });
      terminal.err(
        `No longer followed. ${followed.id} goes on by itself: ${again(deployment, `--follow ${followed.id}`)}`,
      );
      throw error;
    } finally {
      await progress.done();
    }
  });
  return documentOf(deployment, followed, ending, look);
}

async function tellAll(
  happenings: AsyncGenerator<Happening, Look>,
  tell: (happening: Happening) => void,
): Promise<{ ending: Ending; look: Look }> {
  let ending: Ending = { kind: 'interrupted' };
  for (;;) {
    const { done, value } = await happenings.next();
    if (done) return { ending, look: value };
    if (isEnding(value)) ending = value;
    tell(value);
  }
}
