/** A state as a word in a colour: the word alone tells it, too. */

import * as words from '../deployment/words.ts';
import type { ControlResult, HistoryEntry, ReportedSecret } from '../deployment-report.ts';
import { stateWords } from '../state-words.ts';
import { html, type Markup } from './markup.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'mute';

export const badge = (tone: Tone, text: string): Markup =>
  html`<span class="badge ${tone}">${text}</span>`;

export function toneOf({ state, findings, kind }: ReportedSecret): Tone {
  if (findings.length > 0 || state === 'overdue') return 'bad';
  if (state === 'current') return 'good';
  return kind === 'userManaged' ? 'mute' : 'warn';
}

export const stateBadge = (secret: ReportedSecret): Markup =>
  badge(toneOf(secret), stateWords[secret.state]);

export const strayBadge = badge('bad', 'not in it');

export const certificateBadge = badge('bad', 'certificate');

export function outcomeBadge(entry: HistoryEntry): Markup {
  const tones: Record<string, Tone> = {
    rotated: 'good',
    verified: 'good',
    failed: 'bad',
    stopped: 'bad',
  };
  const tone = entry.type === 'unmanagedWrite' ? 'bad' : (tones[entry.outcome] ?? 'warn');
  return badge(tone, words.outcome(entry));
}

export function resultBadge(result: ControlResult): Markup {
  const tones: Record<ControlResult, Tone> = { pass: 'good', fail: 'bad', notShown: 'mute' };
  return badge(tones[result], words.resultWords[result]);
}
