/** What rehearsals share: a token that no version has, and refusals that become findings. */
import type { Finding } from '../../domain/events/operator-requests.ts';

/** In place of a ClientRequestToken; no version ever has it. */
export const noToken = 'rehearsal-00000000-0000-0000-0000-000000000000';

/** Our own refusals hold no value and become findings; anything else is thrown, and hidden further out. */
export async function attempt<T>(
  findings: Finding[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('ERR_ROTATION_')) {
      throw error;
    }
    findings.push(blocks(code, String(message)));
    return undefined;
  }
}

export function blocks(code: string, message: string): Finding {
  return { code, level: 'blocks', message: message.slice(0, 2_048) };
}
