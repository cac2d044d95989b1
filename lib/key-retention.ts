/** How long a key must stay after the last row left it. */
import { durationSeconds } from '../domain/config/duration.ts';
import type { ReencryptionConfig } from '../domain/config/reencryption-schema.ts';

/** Days the longest-lived copy of a row is kept, over the database and every declared store. */
export function keyRetentionDays({ backupRetention, stores }: ReencryptionConfig): string {
  const all = [backupRetention, ...stores.map((store) => store.backupRetention)];
  if (all.includes('forever')) {
    return 'forever';
  }
  return String(Math.ceil(Math.max(...all.map(durationSeconds)) / 86_400));
}
