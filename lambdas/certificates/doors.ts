/** What the look at certificates needs of the outside world; exactly these methods, so that its role is as small. */
import type { AcmDoor } from '../../doors/acm.ts';
import type { CertificateRecordsDoor } from '../../doors/certificate-records.ts';
import type { Clock } from '../../doors/clock.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { ShownCertificatesDoor } from '../../doors/shown-certificates.ts';

export interface SourceDoors {
  acm: AcmDoor;
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  shown: ShownCertificatesDoor;
}

export interface CertificatesDoors extends SourceDoors {
  records: CertificateRecordsDoor;
  eventBus: EventBusDoor;
  metrics: MetricsDoor;
  clock: Clock;
  log: Log;
}
