/**
 * Operation `restoreLogin`, called by the watch while a rotation of this secret is stuck before AWSCURRENT moved.
 * With one role the server has the new password from setSecret on, so a rotation that ends there leaves every
 * reader of AWSCURRENT locked out. Everything is read and decided under the role's lock, which setSecret takes, too:
 * the service may try the same rotation again at any moment, and whichever comes second sees what the first has set.
 *
 * 1. a lease of another rotation stands      → busy: that rotation sets the role
 * 2. AWSCURRENT logs in                      → nothing to do
 * 3. singleUser: the pending value logs in   → nothing to do: its rotation is being tried again
 * 4. AWSCURRENT is compromised, or an emergency was to replace it, whatever became of that
 *                                            → singleUser: the role is shut out and gets the pending value; without
 *                                              one it stays as it is, and a person is told
 * 5. the role is NOLOGIN                     → somebody closed it: it stays closed, and a person is told
 * 6. no rotation made AWSCURRENT             → an unmanaged write is never set in a server
 * 7. otherwise                               → AWSCURRENT's verifier is set again, LOGIN as it is
 *
 * With two roles the pending value is the other role's: it neither counts as a login nor is it set here, because
 * setSecret does more than that for it (settings, identity).
 */
import type { MaterialId } from '../../domain/events/control-records.ts';
import { type LoginAnswer, restoreLoginSchema } from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { RoleCannotLoginError } from '../../doors/postgres/errors.ts';
import { probeLogin } from '../../doors/postgres/login-probe.ts';
import { setVerifier, withRoleLock } from '../../doors/postgres/role-operations.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import type { OperationTools } from '../rotation/handler.ts';
import { isMarker, leaseHasEnded } from '../rotation/run.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import { InvalidOperationError } from './errors.ts';
import { credentialMaterial } from './material.ts';
import { assertRotatable } from './rotatable-role.ts';
import { applicationEndpoint } from './settings.ts';
import { outlastLogins, shutOut } from './shut-out.ts';
import { type DatabaseValue, parseDatabaseValue } from './value.ts';

export type RestoreLoginTools = Pick<
  OperationTools,
  'companion' | 'readVersion' | 'stages' | 'now' | 'secretName' | 'records'
>;

/** @throws InvalidDatabaseValueError when a value names another role or place than the deployment; nothing was dialled */
export async function restoreLogin(
  input: unknown,
  given: RestoreLoginTools,
  tools: DatabaseTools,
  adopted = false,
): Promise<LoginAnswer> {
  if (!readAs(restoreLoginSchema, input).success) {
    throw new InvalidOperationError(
      'restoreLogin expects { operation: "restoreLogin" }. Nothing was changed.',
    );
  }
  const before = await standing(given, tools);
  if (before.current === undefined) {
    return { outcome: 'noValue' };
  }
  const role = before.current.username;
  const state = { lost: false };
  try {
    const answer = await withAdmin(
      tools,
      () => given.companion('admin'),
      (admin) =>
        withRoleLock(admin, role, () => restore({ given, tools, adopted, admin, role, state })),
    );
    return { ...answer, role };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (!answers.has(String(code))) {
      throw error;
    }
    const outcome = state.lost ? 'lockedOut' : 'unknown';
    return { outcome, role, reason: `${code}: ${message}`.slice(0, 1_024) };
  }
}

/** What says something about the server, the role or the admin's login, and not about a defect of ours. */
const answers: ReadonlySet<string> = new Set([
  'ERR_ROTATION_POSTGRES',
  'ERR_ROTATION_POSTGRES_UNREACHABLE',
  'ERR_ROTATION_TLS',
  'ERR_ROTATION_LOGIN_REFUSED',
  'ERR_ROTATION_ROLE_CANNOT_LOGIN',
  'ERR_ROTATION_READ_ONLY_SERVER',
  'ERR_ROTATION_ADMIN_INVALID',
  'ERR_ROTATION_COMPANION',
  'ERR_ROTATION_ROLE_REFUSED',
  'ERR_ROTATION_NO_SUCH_ROLE',
  'ERR_ROTATION_SESSIONS_REMAIN',
]);

interface Standing {
  currentId: string | undefined;
  pendingId: string | undefined;
  current: DatabaseValue | undefined;
  pending: DatabaseValue | undefined;
}

async function standing(
  { stages, readVersion }: RestoreLoginTools,
  { settings }: DatabaseTools,
): Promise<Standing> {
  const labels = await stages();
  const currentId = currentVersion(labels);
  const pendingId = rotationInProgress(labels);
  const read = async (versionId: string | undefined) => {
    const text = versionId === undefined ? undefined : await readVersion(versionId);
    return text === undefined || isMarker(text) ? undefined : parseDatabaseValue(text, settings);
  };
  const [current, pending] = await Promise.all([read(currentId), read(pendingId)]);
  return { currentId, pendingId, current, pending };
}

interface Restoring {
  given: RestoreLoginTools;
  tools: DatabaseTools;
  adopted: boolean;
  /** In the maintenance database, holding the lock of `role`. */
  admin: Session;
  role: string;
  /** Set once nothing logs in: whatever fails from then on leaves consumers locked out. */
  state: { lost: boolean };
}

type Outcome = Omit<LoginAnswer, 'role'>;

async function restore(restoring: Restoring): Promise<Outcome> {
  const { given, tools, admin, role, state } = restoring;
  const { records, secretName, now } = given;
  const { currentId, pendingId, current, pending } = await standing(given, tools);
  const lease = await records.getLease(secretName);
  const isForeign = lease !== undefined && lease.token !== pendingId && !leaseHasEnded(lease, now);
  if (isForeign || current?.username !== role) {
    return { outcome: 'busy' };
  }
  const compromised = await records.getCompromised(secretName);
  const rotation = pendingId && (await records.getRotation(secretName, pendingId));
  const distrusted =
    compromised.has(credentialMaterial(current)) ||
    (await wasToBeReplaced(given, currentId, pendingId));
  const login = await probe(tools, current);
  if (login === 'accepted' && !distrusted) {
    return { outcome: 'works' };
  }
  // What is pending without a record was staged by hand.
  const successor = rotation ? successorOf(tools, pending, compromised) : undefined;
  if (successor !== undefined && (await probe(tools, successor)) === 'accepted') {
    return { outcome: 'pendingWorks' };
  }
  if (distrusted) {
    return successor === undefined
      ? withoutSuccessor(login)
      : setSuccessor(restoring, successor, login);
  }

  state.lost = true;
  const { canLogin } = await assertRotatable(admin, role, tools.settings);
  if (!canLogin) {
    return lockedOut(
      `${role} is NOLOGIN: no planned rotation does that, so somebody closed it. Find out who, then ALTER ROLE … LOGIN, or rotate.`,
    );
  }
  if (login === 'closed') {
    return lockedOut(
      `the server does not admit ${role} from here (28000), although it may log in: no line of pg_hba.conf fits. Correct that; a password would change nothing.`,
    );
  }
  if (!(await isManaged(restoring, currentId))) {
    return lockedOut(
      'no rotation made AWSCURRENT, and such a value is never set in a server. Find out who wrote it, then rotate.',
    );
  }
  await setVerifier(admin, role, scramVerifier(current.password), { login: 'keep' });
  return (await probe(tools, current)) === 'accepted'
    ? { outcome: 'restored' }
    : lockedOut(
        `the server refuses ${role} although its verifier was just set again: has its VALID UNTIL passed?`,
      );
}

/** By an emergency: one that is asked for, one that is under way, or one that came to nothing. */
async function wasToBeReplaced(
  { records, secretName }: RestoreLoginTools,
  currentId: string | undefined,
  pendingId: string | undefined,
): Promise<boolean> {
  const asked =
    pendingId === undefined ? undefined : await records.getIntent(secretName, pendingId);
  if (asked?.intent === 'emergency') return true;
  const rotations = await records.getRotations(secretName);
  return rotations.some(
    ({ intent, basedOn, token }) =>
      intent === 'emergency' && (basedOn === currentId || token === pendingId),
  );
}

const lockedOut = (reason: string): Outcome => ({ outcome: 'lockedOut', reason });

/** The leaked credential is nobody's to restore; whether it still works is the emergency's business. */
function withoutSuccessor(login: Login): Outcome {
  return login === 'accepted'
    ? { outcome: 'works' }
    : lockedOut(
        'AWSCURRENT is compromised and there is no other value to set. Rotate: npx quarterturn rotate.',
      );
}

/** As setSecret of an emergency does it, and in its order: a session that is open could set another password. */
async function setSuccessor(
  { tools, admin, role, state }: Restoring,
  successor: DatabaseValue,
  login: Login,
): Promise<Outcome> {
  state.lost = login !== 'accepted';
  await assertRotatable(admin, role, tools.settings);
  await shutOut(admin, role, tools);
  state.lost = true;
  await outlastLogins(admin, role, tools);
  await setVerifier(admin, role, scramVerifier(successor.password), { login: true });
  return (await probe(tools, successor)) === 'accepted'
    ? { outcome: 'pendingRestored' }
    : lockedOut(
        `the server refuses ${role} although the pending verifier was just set: has its VALID UNTIL passed?`,
      );
}

/** The value that takes AWSCURRENT's place in the same role; of two roles it is the other one's. */
function successorOf(
  { settings }: DatabaseTools,
  pending: DatabaseValue | undefined,
  compromised: ReadonlySet<MaterialId>,
): DatabaseValue | undefined {
  const fits = settings.SCHEME === 'singleUser' && pending !== undefined;
  return fits && !compromised.has(credentialMaterial(pending)) ? pending : undefined;
}

/** finishSecret leaves a record before it promotes; of an adopted value `adopt` left one. */
async function isManaged(
  { given: { records, secretName }, adopted }: Restoring,
  versionId: string | undefined,
): Promise<boolean> {
  if (versionId === undefined) {
    return false;
  }
  if ((await records.getAfterRotation(secretName, versionId)) !== undefined) {
    return true;
  }
  return adopted && (await records.getAdoption(secretName))?.versionId === versionId;
}

type Login = 'accepted' | 'refused' | 'closed';

/** @throws whatever says nothing about the credential */
async function probe(
  { door, settings, ca }: DatabaseTools,
  credential: DatabaseValue,
): Promise<Login> {
  try {
    return await probeLogin(door, applicationEndpoint(settings, ca), credential);
  } catch (error) {
    if (error instanceof RoleCannotLoginError) {
      return 'closed';
    }
    throw error;
  }
}
