/** docs/benchmarks.md: what was measured, beside what was aimed at, met or missed. */

import type { ClientFigures } from './client.ts';
import { clientSection } from './client-section.ts';
import type { ColdStarts } from './cold-starts.ts';
import { listPrice, type RotationCost } from './cost.ts';
import type { Machine } from './measure.ts';
import type { ReencryptionFigures } from './reencryption/chapter.ts';
import { reencryptionSection } from './reencryption/section.ts';
import type { RotationFigures } from './rotations.ts';
import type { ScanFigures } from './scan.ts';
import { scanSection } from './scan-section.ts';
import type { Synthesis } from './synthesis.ts';
import { table, verdict } from './tables.ts';

export interface Figures {
  machine: Machine;
  seconds: number;
  cold: ColdStarts;
  emptyInvocation: number;
  rotations: readonly RotationFigures[];
  syntheses: readonly Synthesis[];
  costs: readonly RotationCost[];
  reencryption: ReencryptionFigures;
  client: ClientFigures;
  scan: ScanFigures;
}

export const goals = {
  /** Bytes of a bundle. */
  bundle: 600 * 1024,
  /** Milliseconds over bare Node. */
  init: 130,
  /** Milliseconds of four steps, by the kind. */
  rotation: {
    'database, alternating users': 250,
    'database, single user': 250,
    'JWT, publish': 100,
    'JWT, activate': 100,
  } as Readonly<Record<string, number>>,
} as const;

export function documentOf(figures: Figures): string {
  return `${[
    head(figures),
    coldStarts(figures.cold),
    rotations(figures),
    syntheses(figures.syntheses),
    costs(figures.costs),
    reencryptionSection(figures.reencryption),
    clientSection(figures.client),
    scanSection(figures.scan),
  ].join('\n\n')}\n`;
}

/** The document with this one section anew, where it stood or at the end, the others as they were. */
export function withSection(document: string, section: string): string {
  const [start = '', ...sections] = document.trimEnd().split(/^(?=## )/m);
  const headingOf = (text: string) => text.split('\n')[0];
  const isKnown = sections.some((each) => headingOf(each) === headingOf(section));
  const all = isKnown
    ? sections.map((each) => (headingOf(each) === headingOf(section) ? section : each))
    : [...sections, section];
  return `${[start, ...all].map((part) => part.trimEnd()).join('\n\n')}\n`;
}

function head({ machine, seconds, cold, rotations: made }: Figures): string {
  const { processor, cores, memoryGigabytes, node, system, date } = machine;
  return `# Benchmarks

Written by \`npm run bench\`, which measures all of it anew in about ${minutes(seconds)}. Nothing else should run on the machine meanwhile.

| measured on | ${date} |
|---|---|
| processor | ${processor}, ${cores} cores |
| memory | ${memoryGigabytes.toFixed(0)} GiB |
| Node | ${node}, ${system} |
| samples | ${cold.runs} starts of each bundle, ${made[0]?.runs ?? 0} rotations of each kind |

Figures compare one machine with itself. Lambda gives a function of 512 MB less than a third of a core, and the network of a region lies between it and each service: expect both to be slower there, by factors that only your account can tell.`;
}

function coldStarts({ bareMilliseconds, barePeakMegabytes, functions }: ColdStarts): string {
  const rows = functions.map(({ room, bytes, overNode, peakMegabytes }) => [
    room,
    `${(bytes / 1024).toFixed(0)} KB`,
    verdict(bytes <= goals.bundle),
    `${overNode.toFixed(0)} ms`,
    verdict(overNode <= goals.init),
    `${peakMegabytes.toFixed(0)} MB`,
  ]);
  return `## Cold start

From the start of a process until its handler is there, less the same of bare Node (${bareMilliseconds.toFixed(0)} ms, ${barePeakMegabytes.toFixed(0)} MB), taken in turn; medians. The environment is the one that a deployment with everything on sets.

${table(['function', 'bundle', `≤ ${goals.bundle / 1024} KB`, 'init over Node', `≤ ${goals.init} ms`, 'peak memory'], rows)}

Bound by reading and compiling the AWS SDK, two fifths of every bundle, and by building the zod schemas of what a function accepts. Credential providers other than the environment's and the certificates of RDS are left out of the JavaScript.`;
}

function rotations({ rotations: made, emptyInvocation }: Figures): string {
  const rows = made
    .flatMap(({ rotations: each }) => each)
    .map((figures) => {
      const goal = goals.rotation[figures.rotation];
      return [
        figures.rotation,
        `${figures.median.toFixed(0)} ms`,
        `${figures.p95.toFixed(0)} ms`,
        goal === undefined ? 'none set' : `≤ ${goal} ms: ${verdict(figures.median <= goal)}`,
        `${(figures.median / emptyInvocation).toFixed(0)} ×`,
      ];
    });
  return `## Rotation in the sandbox

The four steps of a warm function, invocations only, until the answer of each: bundles in processes of their own, AWS's protocols over HTTP with signatures and policies checked, PostgreSQL 18 with TLS and SCRAM. A new key of a keyset is two rotations: one publishes it, one activates it. The last column is in empty invocations of the same sandbox (${emptyInvocation.toFixed(1)} ms).

${table(['secret', 'median', '95 of 100', 'goal', 'empty invocations'], rows)}

Bound by round trips: each step reads the labels, its records and the versions it builds on before it writes, one after the other, because each decides about the next. A database step adds logins: TLS, and SCRAM's 4,096 rounds on both sides; single user has one more, which proves that the old password is dead.`;
}

function syntheses(made: readonly Synthesis[]): string {
  const rows = made.map(({ what, runs, milliseconds, resources }) => [
    what,
    `${(milliseconds / 1000).toFixed(1)} s`,
    String(resources),
    String(runs),
  ]);
  return `## Synthesis

\`node --import tsx bin/app.ts\`, from the start of the process to its end, without CloudFormation's own validation (\`npx cdk\` adds it); medians.

${table(['configuration', 'time', 'resources', 'runs'], rows)}

Bound by loading the CDK and compiling TypeScript on the way in.`;
}

function costs(made: readonly RotationCost[]): string {
  const rows = made.map(({ kind, invocations, billedMilliseconds, dollars }) => [
    kind,
    invocations.toFixed(0),
    `${billedMilliseconds.toFixed(0)} ms`,
    `$${dollars.toFixed(6)}`,
    `$${(dollars * 1000).toFixed(2)}`,
  ]);
  return `## What the functions of a rotation cost

Every function a rotation invokes, the starter and the tasks after the rotation included, and one cold start of each. Times as measured here, memory as in the template, list price of Lambda in ${listPrice.region} as of ${listPrice.read}: $${listPrice.perGigabyteSecond} a GB-second and $${(listPrice.perRequest * 1e6).toFixed(2)} a million requests, without the free tier. Ten times as slow would be ten times as much. What stands whether anything rotates or not (secrets, keys, endpoints, alarms) is not in it.

${table(['rotation', 'invocations', 'billed', 'one rotation', 'a thousand'], rows)}`;
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} seconds` : `${(seconds / 60).toFixed(1)} minutes`;
}
