/** What the matrix must know of a room: how its function is made, how its scenarios begin, what holds at every moment. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { RotationFunction } from '../../lambdas/rotation/handler.ts';
import { rotationHandler } from '../../lambdas/rotation/handler.ts';
import type { ServerState } from './postgres/cluster.ts';
import type { Stand } from './stand.ts';

export const secretName = 'pharmacy/prod/secret';

export type Scenario = 'firstValue' | 'planned' | 'activate' | 'rollback' | 'emergency';

export interface Wiring {
  readonly stand: Stand;
  readonly functionArn: string;
}

export interface Room {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly manifest: RotatedManifestSecret;
  readonly rule: Readonly<Record<string, unknown>>;
  /** Other secrets, by the name of the companion. */
  readonly companions: Readonly<Record<string, string>>;
  /** SecretString of the new secret. @default the marker of an uninitialised one */
  readonly initial?: string;
  readonly escrow: boolean;
  readonly server: ServerState;
  handler(wiring: Wiring): (event: unknown) => Promise<unknown>;
  /** From an uninitialised secret to where the scenario may begin. */
  prepare(stand: Stand, scenario: Scenario): Promise<void>;
  /** Before a rotation of this intent is asked for: e.g. its owners put another value. */
  beforeAsking?(stand: Stand): Promise<void>;
  /** What must hold after every call; made anew for every schedule. */
  watch(stand: Stand, scenario: Scenario): () => string | undefined;
  /** What must hold once a recovery is over. */
  atTheEnd(stand: Stand, scenario: Scenario): Promise<string | undefined>;
}

/** The function of a room, with faults at its doors. */
export function functionOf<Value>(
  wire: (
    wiring: Wiring,
  ) => Omit<RotationFunction<Value>, 'environment' | 'doors'> & { kmsKeyArn?: string },
): Room['handler'] {
  return (wiring) => {
    const { stand, functionArn } = wiring;
    const { kmsKeyArn, ...room } = wire(wiring);
    const handle = rotationHandler<Value>({
      environment: {
        SECRET_ARN: stand.arn,
        SECRET_NAME: secretName,
        ARMED: 'true',
        ...(kmsKeyArn && { KMS_KEY_ARN: kmsKeyArn }),
      },
      doors: stand.faulty,
      ...room,
    });
    return (event) => handle(event, { invokedFunctionArn: functionArn });
  };
}

export const companionArn = (stand: Stand, name: string): string =>
  stand.secrets.secret(`${secretName}-${name}`).arn;

/** Material of every labelled version but its own is known to be out, as the emergency's machine records it. */
export async function recordCompromised(
  stand: Stand,
  control: Pick<Stand['control'], 'getAfterRotations' | 'putCompromised'> = stand.control,
  own?: string,
): Promise<void> {
  const labelled = stand.secret.state.versions;
  const records = await control.getAfterRotations(secretName);
  const known = records.filter(
    ({ versionId }) => labelled.get(versionId)?.labels.size && versionId !== own,
  );
  const materials = known.flatMap(({ primary, publishedKid }) => [primary, publishedKid]);
  const at = stand.clock.now().toISOString();
  for (const material of new Set(materials.filter((one) => one !== undefined))) {
    await control.putCompromised(secretName, { material, at, recordedBy: 'test' });
  }
}
