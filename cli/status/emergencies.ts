/** What `status` says of emergencies: one that is at work on top, what needs a person among the findings. */
import {
  drillFindings,
  type EmergencyCommands,
  emergencyFindings,
  lastDrillWords,
  type OpenEmergency,
} from '../../domain/reports/emergency-status.ts';
import type { Finding, StatusReport } from '../../domain/reports/status-report.ts';

import { wrap } from '../table.ts';

type Told = Pick<StatusReport, 'emergency' | 'lastDrill'>;
type Where = { readonly name: string; readonly environment: string };

export function emergencyCommands({ name, environment }: Where): EmergencyCommands {
  const deployment = `--deployment ${name}/${environment}`;
  const about = (option: string) => `npx quarterturn emergency ${option} ${deployment}`;
  return {
    follow: (id) => about(`--follow ${id}`),
    resume: (id) => about(`--resume ${id}`),
    report: (id) => about(`--report ${id}`),
    drill: `npx quarterturn drill ${deployment}`,
  };
}

export function findingsAround({ emergency, lastDrill }: Told, where: Where): Finding[] {
  const commands = emergencyCommands(where);
  return [
    ...(emergency === undefined ? [] : emergencyFindings(emergency, commands)),
    ...(lastDrill === undefined ? [] : drillFindings(lastDrill, commands)),
  ];
}

/** On top, before any secret: whoever looks should not have to look for it. The last line is what to run. */
export function emergencyLines({ emergency }: Told, where: Where, width: number): string[] {
  if (emergency === undefined) return [];
  const { id, drill, exposed, reason, live } = emergency;
  const run = emergencyCommands(where);
  const what = `${drill ? 'Drill' : 'EMERGENCY'} ${id}, ${stateOf(emergency)}`;
  return [
    ...wrap(`${what}: ${exposed.join(', ')} ${drill ? 'as if ' : ''}exposed (${reason})`, width),
    `    ${live ? run.follow(id) : run.resume(id)}`,
  ];
}

function stateOf({ state, live, startedAt }: OpenEmergency): string {
  const since = `${startedAt.slice(0, 16).replace('T', ' ')}Z`;
  if (state === 'incomplete') return `begun ${since}, NOT over: something failed`;
  return live
    ? `under way since ${since}`
    : `begun ${since}, NOT over: no execution is at work on it`;
}

export const drillLine = ({ lastDrill }: Told): string[] =>
  lastDrill === undefined ? [] : [lastDrillWords(lastDrill)];
