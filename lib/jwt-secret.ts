import type { Construct } from 'constructs';
import { lateSignersSeconds } from '../domain/config/late-signers.ts';
import { acceptForSeconds } from '../domain/config/manifest.ts';
import type { JwtConfig } from '../domain/config/secret-schemas.ts';
import type { JwtEnvironment } from '../lambdas/jwt/environment.ts';
import type { Deployment } from './deployment.ts';
import { type OwnEnvironment, RotatingSecret } from './rotating-secret.ts';

export interface JwtSecretProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: JwtConfig;
}

/** The signing secret of an application's tokens. */
export class JwtSecret extends RotatingSecret {
  constructor(scope: Construct, id: string, { deployment, key, secret }: JwtSecretProps) {
    const environment: OwnEnvironment<JwtEnvironment> = {
      FIELD: secret.field,
      BITS: String(secret.bits),
      ENCODING: secret.encoding,
      ACCEPT_FOR_SECONDS: String(
        acceptForSeconds(secret, lateSignersSeconds(deployment.config, key)),
      ),
    };
    super(scope, id, { deployment, key, secret, environment });
  }
}
