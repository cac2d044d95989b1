/** Where the copies of one secret are, for the functions that write or read them. */
import * as z from 'zod';
import type { EscrowPlace } from '../../doors/escrow.ts';

export const escrowEnvironment = {
  ESCROW_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  /** `<bucket>.s3.<region>.<domain>` */
  ESCROW_HOST: z.string().regex(/^[a-z0-9.-]+$/),
  /** Account of the bucket, 12 digits. */
  ESCROW_OWNER: z.string().regex(/^\d{12}$/),
  ESCROW_KEY_ARN: z.string().startsWith('arn:'),
  /** Key of the secret in the configuration. */
  ESCROW_PREFIX: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
};

type EscrowEnvironment = Readonly<Record<keyof typeof escrowEnvironment, string>>;

export const escrowPlace = (environment: EscrowEnvironment): EscrowPlace => ({
  bucket: environment.ESCROW_BUCKET,
  host: environment.ESCROW_HOST,
  owner: environment.ESCROW_OWNER,
  keyArn: environment.ESCROW_KEY_ARN,
  prefix: environment.ESCROW_PREFIX,
});
