import { describe, expect, test } from '@jest/globals';
import {
  defineRotation,
  type RotationConfigInput,
} from '../../../domain/config/rotation-config.ts';
import pharmacy from '../../../rotation.config.ts';

const withRotator = (rotator?: string) =>
  defineRotation({
    ...pharmacy,
    consumers: [],
    secrets: {
      dbAdmin: pharmacy.secrets.dbAdmin,
      db: { ...pharmacy.secrets.db, ...(rotator !== undefined && { rotator }) },
    },
  } as RotationConfigInput);

describe('the rotator role of a database', () => {
  test('has a name of its own when none is given', () => {
    expect(withRotator().secrets.db).toMatchObject({ rotator: 'quarterturn_rotator' });
  });

  test.each(['postgres', 'rds_superuser', 'pg_monitor', 'pharmacy_app', 'pharmacy_app_a'])(
    'is not %s: it would lend its power, or set its own password',
    (rotator) => {
      expect(() => withRotator(rotator)).toThrow(
        `secrets.db.rotator: found "${rotator}"; expected a role of its own`,
      );
    },
  );
});
