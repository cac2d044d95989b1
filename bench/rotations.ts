/**
 * The four steps, as Secrets Manager calls them: bundled functions in processes of their own, the wire
 * protocols of AWS over HTTP, a real PostgreSQL. A step's time is its invocation's, until the answer is there.
 */
import type { RequestRecord } from '../sandbox/sandbox.ts';
import type { SecretKey, World } from '../test/integration/world.ts';
import { median, p95 } from './measure.ts';

export interface StepFigures {
  /** What was rotated; of a keyset the two rotations that make a new key the primary one. */
  rotation: string;
  /** Milliseconds of its four steps. */
  median: number;
  p95: number;
}

export interface RotationFigures {
  kind: string;
  /** How many were measured. */
  runs: number;
  rotations: readonly StepFigures[];
  /** Every function invoked until the AfterRotation is finished: name → invocations and milliseconds. */
  invocations: ReadonlyMap<string, { count: number; milliseconds: number }>;
}

interface Plan {
  kind: string;
  key: SecretKey;
  /** What the service does for one call of RotateSecret, in order. */
  rotations: readonly string[];
}

export const plans: readonly Plan[] = [
  { kind: 'database, alternating users', key: 'db', rotations: ['database, alternating users'] },
  { kind: 'database, single user', key: 'legacyDb', rotations: ['database, single user'] },
  { kind: 'JWT, publish and activate', key: 'jwt', rotations: ['JWT, publish', 'JWT, activate'] },
  {
    kind: 'encryption, publish and activate',
    key: 'pii',
    rotations: ['encryption, publish', 'encryption, activate'],
  },
];

export async function measureRotation(
  world: World,
  { kind, key, rotations }: Plan,
  runs: number,
): Promise<RotationFigures> {
  const totals = rotations.map((): number[] => []);
  const invocations = new Map<string, { count: number; milliseconds: number }>();
  // Once beforehand: processes are started and connections are made, as in a warm function.
  const first = runs > 1 ? -1 : 0;
  for (let run = first; run < runs; run++) {
    const before = world.stage.sandbox.requests().length;
    await world.rotate(key);
    const made = world.stage.sandbox.requests().slice(before).filter(isInvocation);
    const sums = sumsOf(made, rotations.length, key);
    if (run < 0) continue;
    for (const [index, sum] of sums.entries()) totals[index]?.push(sum);
    for (const { input, milliseconds } of made) {
      const { FunctionName } = input as { FunctionName: string };
      const so = invocations.get(FunctionName) ?? { count: 0, milliseconds: 0 };
      invocations.set(FunctionName, {
        count: so.count + 1,
        milliseconds: so.milliseconds + milliseconds,
      });
    }
  }
  const figures = rotations.map((rotation, index) => {
    const samples = totals[index] ?? [];
    return { rotation, median: median(samples), p95: p95(samples) };
  });
  return { kind, runs, rotations: figures, invocations };
}

/** Milliseconds of the four steps of each rotation, in the order they were made. */
function sumsOf(made: readonly RequestRecord[], rotations: number, key: string): number[] {
  const steps = made.filter(({ input }) => stepOf(input) !== undefined);
  if (steps.length !== 4 * rotations || steps.some(({ errorCode }) => errorCode !== undefined)) {
    const seen = steps.map(({ input, errorCode }) => `${stepOf(input)} ${errorCode ?? 'ok'}`);
    throw new Error(`a rotation of ${key} took the steps ${seen.join(', ')}`);
  }
  return Array.from({ length: rotations }, (_, index) =>
    steps.slice(4 * index, 4 * index + 4).reduce((sum, one) => sum + one.milliseconds, 0),
  );
}

const isInvocation = ({ service, operation }: RequestRecord) =>
  service === 'lambda' && operation === 'Invoke';

function stepOf(input: unknown): string | undefined {
  return (input as { Payload?: { Step?: string } }).Payload?.Step;
}
