/** One request of the smoke checklist. Of what is answered only the members that were asked for are said. */
import type { HealthProbeConfig } from '../../domain/config/consumer-schema.ts';
import { show } from '../../domain/config/show.ts';
import { memberAt } from './json-pointer.ts';
import { type Asking, ask, type Found, jsonOf, size } from './requests.ts';

export async function lookAtProbe(asking: Asking, probe: HealthProbeConfig): Promise<Found> {
  const { method, url, body, expect, json = {} } = probe;
  const members = Object.entries(json);
  const answer = await ask(asking, {
    method,
    url,
    readsBody: members.length > 0,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if ('found' in answer) return answer;
  const { status } = answer;
  if (!expect.includes(status)) {
    const redirect = status >= 300 && status < 400 ? ', which is not followed' : '';
    return { ok: false, found: `${status}${redirect}; expected ${expect.join(' or ')}` };
  }
  if (members.length === 0) return { ok: true, found: `${status}` };
  const document = jsonOf(answer);
  if (document === undefined) {
    return { ok: false, found: `${status} with ${size(answer)}; expected JSON` };
  }
  for (const [pointer, expected] of members) {
    const found = memberAt(document, pointer);
    if (found !== expected) {
      const [was, wanted] = [shown(found), show(expected)];
      return { ok: false, found: `${status}, ${pointer} is ${was}; expected ${wanted}` };
    }
  }
  return { ok: true, found: `${status} with what was expected` };
}

/** A number, a truth value or a short word; of anything else what it is: an answer may hold anything. */
function shown(found: unknown): string {
  if (found === undefined) return 'not there';
  if (typeof found !== 'string') return show(found);
  // Of more characters it may be a password of ours (32), which no rule tells from a name for certain.
  return /^[A-Za-z0-9._-]{1,24}$/.test(found)
    ? show(found)
    : `a text of ${found.length} characters`;
}
