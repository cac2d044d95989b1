/**
 * How much is run. Short inside `npm test`; `npm run soak` runs the same code over more (docs/load.md). What is
 * drawn (moments, ages of caches, rows) is drawn from one seed, which the summary names: `SEED=… npm run soak`.
 */
import { type Drawer, drawer } from '../lambdas/reencryption/seeded.ts';

export interface Form {
  readonly name: 'short' | 'full';
  /** A first one before them makes the value. */
  readonly databaseRotations: Readonly<Record<'multiUser' | 'singleUser', number>>;
  /** New connections of the library's readers between two rotations of a scheme, at least. */
  readonly loginsPerRotation: number;
  /** New connections before the first rotation, to compare with. */
  readonly idleLogins: number;
  readonly jwtRotations: number;
  /** What each signer signs at each look; every verifier verifies all of it. */
  readonly tokensPerLook: number;
  readonly fieldRotations: number;
  /** What each cipher opens at each look. */
  readonly opensPerLook: number;
}

const forms: Record<Form['name'], Form> = {
  short: {
    name: 'short',
    databaseRotations: { multiUser: 2, singleUser: 1 },
    loginsPerRotation: 60,
    idleLogins: 24,
    jwtRotations: 2,
    tokensPerLook: 2,
    fieldRotations: 2,
    opensPerLook: 24,
  },
  full: {
    name: 'full',
    databaseRotations: { multiUser: 50, singleUser: 50 },
    loginsPerRotation: 180,
    idleLogins: 1_200,
    jwtRotations: 20,
    tokensPerLook: 14,
    fieldRotations: 20,
    opensPerLook: 90,
  },
};

export const form: Form = forms[process.env.SOAK === 'full' ? 'full' : 'short'];

export const drawn: Drawer = drawer();
