/**
 * What a stranger chose (a user agent, a session's name, a reason) may hold characters that steer a terminal, hide a
 * line or turn it around (Unicode Technical Report 36, "Bidirectional Text Spoofing"). Whatever is shown has them as
 * escapes, on one line; the data alone holds them as they came.
 */
import type { IncidentReport } from '../../events/incident-report.ts';

const steering = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

export const visible = (text: string): string =>
  text
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(steering, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Every text of it, so that no form forgets one. */
export const shown = (report: IncidentReport): IncidentReport => everywhere(report);

function everywhere<Value>(value: Value): Value {
  if (typeof value === 'string') return visible(value) as Value;
  if (Array.isArray(value)) return value.map(everywhere) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, everywhere(member)]),
  ) as Value;
}
