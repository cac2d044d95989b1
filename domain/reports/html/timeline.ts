/** The past year and the next, a line a secret: when its material changed, and when it has to. An inline SVG. */
import * as words from '../deployment/words.ts';
import type { DeploymentReport, HistoryEntry, ReportedSecret } from '../deployment-report.ts';
import { html, type Markup } from './markup.ts';

const dayLength = 86_400_000;
const [width, left, right, top, rowHeight] = [1060, 132, 14, 42, 36];

interface Scale {
  readonly from: number;
  readonly now: number;
  readonly ahead: number;
  x(instant: number): number;
}

export function timeline(report: DeploymentReport): Markup {
  const shown = report.secrets.filter(
    ({ kind, history }) => kind !== 'userManaged' || history.length > 0,
  );
  const scale = scaleOf(report);
  const height = top + shown.length * rowHeight + 8;
  return html`<div class="timeline"><div class="scroll" role="region" aria-label="Timeline, drawn" tabindex="0">
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="drawing-title timeline-text" xmlns="http://www.w3.org/2000/svg">
<title id="drawing-title">Rotations from ${words.day(report.period.from)} to ${words.day(report.period.ahead)}</title>
<desc id="timeline-text">${shown.map(inWords).join(' ')}</desc>
<rect class="t-future" x="${scale.x(scale.now)}" y="${top - 16}" width="${width - right - scale.x(scale.now)}" height="${height - top + 10}"/>
${months(scale, height)}
${shown.map((secret, at) => row(secret, top + at * rowHeight, scale))}
<line class="t-now" x1="${scale.x(scale.now)}" x2="${scale.x(scale.now)}" y1="${top - 18}" y2="${height - 6}"/>
<text class="now" x="${scale.x(scale.now)}" y="12" text-anchor="middle">${words.day(report.at)}</text>
</svg></div>
${legend}</div>`;
}

function scaleOf({ period }: DeploymentReport): Scale {
  const [from, now, ahead] = [period.from, period.until, period.ahead].map((it) => Date.parse(it));
  const span = (ahead ?? 0) - (from ?? 0);
  return {
    from: from ?? 0,
    now: now ?? 0,
    ahead: ahead ?? 0,
    x: (instant) =>
      Math.round((left + ((instant - (from ?? 0)) / span) * (width - left - right)) * 10) / 10,
  };
}

/** The same, for whoever does not see it. */
function inWords(secret: ReportedSecret): string {
  const past = secret.history
    .filter(({ type }) => type === 'rotation')
    .map((entry) => `${words.outcome(entry)} ${words.day(entry.at)}`);
  const next = secret.nextDueAt === undefined ? 'as needed' : `due ${words.nextDue(secret)}`;
  return `${secret.key}: ${past.length === 0 ? 'nothing in the past year' : past.join(', ')}; next ${next}.`;
}

const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function months(scale: Scale, height: number): Markup[] {
  const first = new Date(scale.from);
  const lines: Markup[] = [];
  for (let at = 1; ; at++) {
    const start = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + at, 1);
    if (start > scale.ahead) return lines;
    const month = new Date(start).getUTCMonth();
    const x = scale.x(start);
    lines.push(
      html`<line class="t-month" x1="${x}" x2="${x}" y1="${top - 16}" y2="${height - 6}"/>`,
    );
    // Every third one is named, where the name of today leaves room for it.
    if (month % 3 === 0 && x < width - 46 && Math.abs(x + 10 - scale.x(scale.now)) > 54) {
      const label = month === 0 ? String(new Date(start).getUTCFullYear()) : names[month];
      lines.push(html`<text x="${x + 3}" y="${top - 20}">${label}</text>`);
    }
  }
}

function row(secret: ReportedSecret, y: number, scale: Scale): Markup {
  const middle = y + rowHeight / 2;
  return html`<g><text class="name" x="0" y="${middle + 4}">${short(secret.key)}</text>
<line class="t-row" x1="${left}" x2="${width - right}" y1="${middle}" y2="${middle}"/>
${generations(secret, middle, scale)}${future(secret, middle, scale)}${marks(secret.history).map((entry) => mark(entry, secret, middle, scale))}</g>`;
}

const short = (key: string): string => (key.length > 17 ? `${key.slice(0, 16)}…` : key);

/** When material came into use, the oldest first; the current one also when its rotation lies before the period. */
function changes({ history, lastRotatedAt }: ReportedSecret, { from }: Scale): number[] {
  const at = history
    .filter(
      (entry) =>
        entry.type === 'rotation' && entry.outcome !== 'failed' && entry.outcome !== 'inProgress',
    )
    .map((entry) => Date.parse(entry.at));
  if (lastRotatedAt !== undefined) at.push(Math.max(from, Date.parse(lastRotatedAt)));
  const sorted = at.sort((a, b) => a - b);
  // The date label and the event of one rotation are seconds apart.
  return sorted.filter(
    (one, index) => index === 0 || one - (sorted[index - 1] ?? 0) > dayLength / 2,
  );
}

function generations(secret: ReportedSecret, middle: number, scale: Scale): Markup[] {
  const starts = changes(secret, scale);
  return starts.map((start, at) => {
    const isLast = at === starts.length - 1;
    const end = starts[at + 1] ?? scale.now;
    const limit = isLast
      ? lateFrom(secret, start)
      : start + (secret.frequencyDays ?? Infinity) * dayLength;
    const x = scale.x(start);
    const bar = html`<rect class="${isLast ? 't-bar current' : 't-bar'}" x="${x}" y="${middle - 4}" width="${Math.max(1, scale.x(end) - x)}" height="8" rx="4"/>`;
    if (!(limit < end)) return bar;
    const over = Math.max(scale.x(limit), x);
    return html`${bar}<rect class="t-late" x="${over}" y="${middle - 4}" width="${Math.max(1, scale.x(end) - over)}" height="8" rx="4"/>`;
  });
}

const lateFrom = ({ nextDueAt, frequencyDays }: ReportedSecret, start: number): number =>
  nextDueAt === undefined ? start + (frequencyDays ?? Infinity) * dayLength : Date.parse(nextDueAt);

/** What is planned: the window before the limit, and, paler, what follows if each rotation comes when it is asked for. */
function future(secret: ReportedSecret, middle: number, scale: Scale): Markup[] {
  const { nextDueAt, plannedAt, frequencyDays } = secret;
  if (nextDueAt === undefined || plannedAt === undefined || frequencyDays === undefined) return [];
  const [due, planned] = [Date.parse(nextDueAt), Date.parse(plannedAt)];
  const every = frequencyDays * dayLength - (due - planned);
  const lines: Markup[] = [];
  if (due > scale.now && due <= scale.ahead) {
    const x = scale.x(Math.max(planned, scale.now));
    lines.push(
      html`<rect class="t-window" x="${x}" y="${middle - 8}" width="${Math.max(2, scale.x(due) - x)}" height="16" rx="3"/>`,
    );
  }
  if (due <= scale.ahead) {
    const about = `${secret.key}: limit ${words.day(nextDueAt)}`;
    lines.push(
      html`<line class="t-limit" x1="${scale.x(due)}" x2="${scale.x(due)}" y1="${middle - 9}" y2="${middle + 9}"><title>${about}</title></line>`,
    );
  }
  // One that is asked for already has no day to come: it may rotate at any hour.
  const isAsked = !(scale.now < planned);
  const first = isAsked ? scale.now + every : planned;
  for (let at = first; at <= scale.ahead && every > 0; at += every) {
    const isNext = at === first && !isAsked;
    const about = `${secret.key}: ${isNext ? 'next rotation planned' : 'expected about'} ${new Date(at).toISOString().slice(0, 10)}`;
    lines.push(
      html`<circle class="${isNext ? 't-plan' : 't-plan far'}" cx="${scale.x(at)}" cy="${middle}" r="${isNext ? 6 : 4.5}"><title>${about}</title></circle>`,
    );
  }
  return lines;
}

/** The oldest first; what was out of the ordinary on top of what was not. */
const marks = (history: readonly HistoryEntry[]): HistoryEntry[] => {
  const isOrdinary = (entry: HistoryEntry) =>
    entry.type === 'rotation' &&
    entry.outcome === 'rotated' &&
    entry.intent !== 'rollback' &&
    entry.intent !== 'emergency';
  const oldestFirst = history.toReversed();
  return [...oldestFirst.filter(isOrdinary), ...oldestFirst.filter((entry) => !isOrdinary(entry))];
};

function mark(entry: HistoryEntry, { key }: ReportedSecret, middle: number, scale: Scale): Markup {
  const x = scale.x(Date.parse(entry.at));
  const about = html`<title>${key}: ${words.title(entry)}, ${words.outcome(entry)}, ${words.minute(entry.at)} UTC</title>`;
  if (entry.type === 'reencryption') {
    return html`<g>${about}<rect class="t-rows" x="${x - 4}" y="${middle + 7}" width="8" height="5" rx="2"/></g>`;
  }
  if (entry.type === 'unmanagedWrite' || entry.outcome === 'failed') {
    return html`<g>${about}<path class="t-cross" d="M${x - 5} ${middle - 5}L${x + 5} ${middle + 5}M${x + 5} ${middle - 5}L${x - 5} ${middle + 5}"/></g>`;
  }
  const isOpen = entry.outcome !== 'rotated';
  if (entry.intent === 'emergency' || entry.intent === 'rollback') {
    const shape = `M${x} ${middle - 8}L${x + 8} ${middle}L${x} ${middle + 8}L${x - 8} ${middle}Z`;
    return html`<g>${about}<path class="t-mark ${entry.intent === 'emergency' ? 'bad' : 'warn'}" d="${shape}"/></g>`;
  }
  return html`<circle class="t-mark${isOpen ? ' warn' : ''}" cx="${x}" cy="${middle}" r="6.5">${about}</circle>`;
}

const entry = (shape: Markup, text: string) =>
  html`<li><svg viewBox="0 0 18 14" aria-hidden="true">${shape}</svg>${text}</li>`;

const legend = html`<ul class="legend">
${entry(html`<circle class="t-mark" cx="9" cy="7" r="5.5"/>`, 'rotated')}
${entry(html`<path class="t-mark warn" d="M9 1L15 7L9 13L3 7Z"/>`, 'rollback')}
${entry(html`<path class="t-mark bad" d="M9 1L15 7L9 13L3 7Z"/>`, 'emergency')}
${entry(html`<path class="t-cross" d="M4 2L14 12M14 2L4 12"/>`, 'failed, or written by hand')}
${entry(html`<rect class="t-rows" x="3" y="4" width="12" height="6" rx="2"/>`, 'rows moved to the new key')}
${entry(html`<rect class="t-bar current" x="0" y="3" width="18" height="8" rx="4"/>`, 'in use')}
${entry(html`<rect class="t-late" x="0" y="3" width="18" height="8" rx="4"/>`, 'past its limit')}
${entry(html`<circle class="t-plan" cx="9" cy="7" r="5"/>`, 'planned')}
${entry(html`<line class="t-limit" x1="9" x2="9" y1="0" y2="14"/>`, 'limit')}
</ul>`;
