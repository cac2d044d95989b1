/** Kinds of records of the control table: the first part of a partition key, `<record>#<secret name>`. */
import type { Intent } from './control-records.ts';

export type RecordName =
  | `intent.${Intent}`
  | 'rotation'
  | 'after'
  | 'lease'
  | 'compromised'
  | 'hold'
  | 'adopted'
  | 'notice'
  | 'told'
  | 'reencryption'
  | 'consumers'
  | 'zero'
  | 'sent'
  | 'certificate'
  | 'certificate.told'
  | 'trigger'
  | 'waiting'
  | 'exposure'
  | 'rollout'
  | 'lock'
  | 'counts'
  | 'failed'
  | 'refusal'
  | 'emergency'
  | 'drilled';
