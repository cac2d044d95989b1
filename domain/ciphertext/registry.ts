/** Formats by the name a configuration gives them, and what a rotation may do with each. */
import { cloak } from './cloak.ts';
import { type ColonCbcSettings, colonCbc } from './colon-cbc.ts';
import { type ColonGcmSettings, colonGcm } from './colon-gcm.ts';
import { fernet } from './fernet.ts';
import type { BytesFormat, FormatName, TextFormat } from './format.ts';
import { type JsonGcmSettings, jsonGcm } from './json-gcm.ts';
import { n8nGcm } from './n8n-gcm.ts';
import { type PrefixedSettings, prefixed } from './prefixed.ts';
import { qt1 } from './qt1.ts';
import { qt1Bytes } from './qt1-bytes.ts';
import { type RawSettings, rawBytes, rawText } from './raw.ts';

export type FormatSettings =
  | { name: 'qt1' | 'qt1-bytes' | 'fernet' | 'cloak' | 'n8n-gcm' }
  | ({ name: 'raw' } & RawSettings)
  | ({ name: 'raw-bytes' } & Pick<RawSettings, 'nonceBytes'>)
  | ({ name: 'colon-gcm' } & ColonGcmSettings)
  | ({ name: 'colon-cbc' } & ColonCbcSettings)
  | ({ name: 'json-gcm' } & JsonGcmSettings)
  | ({ name: 'prefixed' } & PrefixedSettings);

/** @throws InvalidFormatSettingsError */
export function formatOf(settings: FormatSettings): TextFormat | BytesFormat {
  switch (settings.name) {
    case 'qt1':
      return qt1;
    case 'qt1-bytes':
      return qt1Bytes;
    case 'raw':
      return rawText(settings);
    case 'raw-bytes':
      return rawBytes(settings);
    case 'colon-gcm':
      return colonGcm(settings);
    case 'colon-cbc':
      return colonCbc(settings);
    case 'json-gcm':
      return jsonGcm(settings);
    case 'fernet':
      return fernet;
    case 'cloak':
      return cloak;
    case 'prefixed':
      return prefixed(settings);
    case 'n8n-gcm':
      return n8nGcm;
  }
}

export interface FormatFacts {
  readonly form: 'text' | 'bytes';
  /**
   * Which key opens a value. `kid`: the value says; rows under a key can be counted in SQL. `trial`: only
   * opening tells; zero rows is a full sweep. `none`: not even opening tells, the configuration has to.
   */
  readonly naming: 'kid' | 'trial' | 'none';
  /** Is it authenticated, so that it may be written at all? */
  readonly maySeal: boolean;
  /**
   * What a re-encryption does. `preserve`: may stay in this format, because afterwards the value says which key
   * it is under. `upgrade`: becomes qt1. `maintenanceOnly`: becomes qt1, with consumers stopped, a plaintext
   * check and a mark per row, because a second pass would take its own output for input.
   */
  readonly rotation: 'preserve' | 'upgrade' | 'maintenanceOnly';
  /** Does it start with a mark of its own? Such a value is never plaintext, and is never sealed again. */
  readonly announced: boolean;
}

const named = { naming: 'kid', maySeal: true, rotation: 'preserve', announced: true } as const;
const tried = { naming: 'trial', maySeal: true, rotation: 'upgrade', announced: false } as const;

export const formatFacts: Record<FormatName, FormatFacts> = {
  qt1: { form: 'text', ...named },
  'qt1-bytes': { form: 'bytes', ...named },
  raw: { form: 'text', ...tried },
  'raw-bytes': { form: 'bytes', ...tried },
  'colon-gcm': { form: 'text', ...tried },
  'colon-cbc': {
    form: 'text',
    naming: 'none',
    maySeal: false,
    rotation: 'maintenanceOnly',
    announced: false,
  },
  'json-gcm': { form: 'text', ...tried },
  fernet: { form: 'text', ...tried, announced: true },
  cloak: { form: 'text', ...named },
  prefixed: { form: 'text', ...named },
  'n8n-gcm': { form: 'text', ...tried },
};
