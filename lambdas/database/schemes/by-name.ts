import type { DatabaseSettings } from '../settings.ts';
import { multiUser } from './multi-user.ts';
import type { Scheme } from './scheme.ts';
import { singleUser } from './single-user.ts';

export const schemes: Record<DatabaseSettings['SCHEME'], Scheme> = { multiUser, singleUser };
