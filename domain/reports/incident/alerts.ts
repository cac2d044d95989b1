/** What must not be overlooked, the most urgent first: it stands above everything else. */
import type { IncidentReport } from '../../events/incident-report.ts';
import type { Told } from './build.ts';
import * as commands from './commands.ts';
import { isUnknown } from './readers.ts';
import { isOpen, listed, plural } from './words.ts';

type Alert = IncidentReport['alerts'][number];

export function alertsOf(told: Told): Alert[] {
  if (told.facts.emergency.drill) return [];
  return [readAgain(told), notDead(told), standing(told), readers(told)].filter(
    (alert) => alert !== undefined,
  );
}

/** H15: whoever took the old value may take the new one. */
function readAgain({ facts, readers: { audit, unknownOfNew = 0 } }: Told): Alert | undefined {
  if (unknownOfNew === 0 || audit === undefined) return undefined;
  const readers = audit.readers.filter((reader) => isUnknown(reader) && reader.readNew);
  const deployed = new Set(facts.manifest.secrets.map(({ key }) => key));
  const keys = [...new Set(readers.flatMap(({ secrets }) => secrets.map(({ key }) => key)))].filter(
    (key) => deployed.has(key),
  );
  return {
    words: `The NEW values were read by ${plural(unknownOfNew, 'principal')} that nobody declared: ${listed(readers.map(({ principal }) => principal))}. The incident is open again. Cut them off first, or declare them as consumers, then replace ${listed(keys)} again.`,
    commands: keys.length === 0 ? [] : [commands.replace(keys, facts.emergency, facts.manifest)],
  };
}

function notDead({ facts, secrets }: Told): Alert | undefined {
  const open = secrets.filter((secret) => secret.exposed && isOpen(secret));
  if (open.length === 0) return undefined;
  return {
    words: `What was exposed may still be of use to whoever has it: ${listed(open.map(({ key }) => key))}.`,
    commands: open.some(({ standing }) => standing !== 'person')
      ? [commands.resume(facts.emergency, facts.manifest)]
      : [],
  };
}

function standing({ facts, timeline }: Told): Alert | undefined {
  const { emergency, manifest } = facts;
  const start = timeline.find(({ stage }) => stage === 'start');
  if (start?.state !== 'failed' || emergency.consumers.stop.length === 0) return undefined;
  return {
    words: `Consumers were stopped, and starting them again failed: ${listed(emergency.consumers.stop)} may stand still.`,
    commands: [commands.resume(emergency, manifest)],
  };
}

function readers({ readers: { unknown = 0, words } }: Told): Alert | undefined {
  return unknown === 0 ? undefined : { words, commands: [] };
}
