/** The question whether a database still lets AWSCURRENT in, to the secret's own rotation function. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { type LoginAnswer, loginAnswerSchema } from '../../domain/events/operator-requests.ts';
import type { WatchDoors } from './doors.ts';

/** Never throws: a function that fails or does not answer leaves the login unknown, and that is told. */
export async function askForLogin(
  { functions }: Pick<WatchDoors, 'functions'>,
  secret: RotatedManifestSecret,
): Promise<LoginAnswer> {
  try {
    const answer = await functions.invoke(secret.function, { operation: 'restoreLogin' });
    return loginAnswerSchema.parse(answer);
  } catch (error) {
    const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
    // Our own errors hold no value; of any other only the class is told.
    const isOurs = typeof code === 'string' && code.startsWith('ERR_ROTATION_');
    return {
      outcome: 'unknown',
      reason: (isOurs ? `${code}: ${message}` : (name ?? 'Error')).slice(0, 1_024),
    };
  }
}

/** Can the application log in with AWSCURRENT as it stands? */
export const isLost = ({ outcome }: LoginAnswer): boolean =>
  outcome === 'pendingWorks' ||
  outcome === 'pendingRestored' ||
  outcome === 'lockedOut' ||
  outcome === 'unknown';

export const wasRestored = ({ outcome }: LoginAnswer): boolean =>
  outcome === 'restored' || outcome === 'pendingRestored';
