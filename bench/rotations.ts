/**
 * The four steps, as Secrets Manager calls them: bundled functions in processes of their own, the wire
 * protocols of AWS over HTTP, a real PostgreSQL. A step's time is its invocation's, until the answer is there.
 */
import type { RequestRecord } from '../sandbox/sandbox.ts';
import type { SecretKey, World } from '../test/integration/world.ts';
import { median, p95 } from './measure.ts';

export interface RotationFigures {
  kind: string;
  /** How many were measured. */
  runs: number;
  median: number;
  p95: number;
  /** Every function a rotation invokes, until its AfterRotation is finished: name → invocations and ms. */
  invocations: ReadonlyMap<string, { count: number; milliseconds: number }>;
}

interface Plan {
  kind: string;
  key: SecretKey;
  /** Rotations the service makes in one: a keyset's key is published, then activated. */
  rotations: number;
}

export const plans: readonly Plan[] = [
  { kind: 'database, alternating users', key: 'db', rotations: 1 },
  { kind: 'database, single user', key: 'legacyDb', rotations: 1 },
  { kind: 'JWT, publish and activate', key: 'jwt', rotations: 2 },
  { kind: 'encryption, publish and activate', key: 'pii', rotations: 2 },
];

export async function measureRotation(
  world: World,
  { kind, key, rotations }: Plan,
  runs: number,
): Promise<RotationFigures> {
  const totals: number[] = [];
  const invocations = new Map<string, { count: number; milliseconds: number }>();
  // Once beforehand: processes are started and connections are made, as in a warm function.
  const first = runs > 1 ? -1 : 0;
  for (let run = first; run < runs; run++) {
    const before = world.stage.sandbox.requests().length;
    const token = await world.rotate(key);
    const made = world.stage.sandbox.requests().slice(before).filter(isInvocation);
    const steps = made.filter(({ input }) => stepOf(input) !== undefined);
    if (steps.length !== 4 * rotations || steps.some(({ errorCode }) => errorCode !== undefined)) {
      const seen = steps.map(({ input, errorCode }) => `${stepOf(input)}${errorCode ?? ''}`);
      throw new Error(`rotation ${token} of ${key} took the steps ${seen.join(', ')}`);
    }
    if (run < 0) continue;
    totals.push(steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
    for (const { input, milliseconds } of made) {
      const name = (input as { FunctionName: string }).FunctionName;
      const so = invocations.get(name) ?? { count: 0, milliseconds: 0 };
      invocations.set(name, { count: so.count + 1, milliseconds: so.milliseconds + milliseconds });
    }
  }
  return { kind, runs, median: median(totals), p95: p95(totals), invocations };
}

const isInvocation = ({ service, operation }: RequestRecord) =>
  service === 'lambda' && operation === 'Invoke';

function stepOf(input: unknown): string | undefined {
  return (input as { Payload?: { Step?: string } }).Payload?.Step;
}
