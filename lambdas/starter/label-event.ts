/** "Secret Label Updated", parsed once at the door (user guide, "Secret Label Updated"). */
import * as z from 'zod';
import { isSecretOf } from '../../domain/config/names.ts';
import { readAs } from '../../domain/events/read-as.ts';

const labelEventSchema = z.object({
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('Secret Label Updated'),
  /** When the label moved. */
  time: z.iso.datetime(),
  resources: z.array(z.string().max(2048)).min(1),
  detail: z.object({
    name: z.string().min(1).max(512),
    labelUpdated: z.string().regex(/^[!-~]{1,256}$/),
    /** A hand-made version may have any id: an unmanaged write must be told, too. */
    versionId: z.string().regex(/^[!-~]{1,64}$/),
  }),
});
export type LabelEvent = z.infer<typeof labelEventSchema>;

export class InvalidLabelEventError extends Error {
  override readonly name = 'InvalidLabelEventError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
  constructor(found: string) {
    super(
      `The event ${found}; expected "Secret Label Updated" as Secrets Manager sends it through EventBridge. Nothing was started: correct the rule's target if somebody changed it.`,
    );
  }
}

/**
 * @param neighbour an ARN of this deployment: the secret must be in the same account and region
 * @throws InvalidLabelEventError that names the fields which do not fit, never their content
 */
export function parseLabelEvent(event: unknown, neighbour: string): LabelEvent {
  const parsed = readAs(labelEventSchema, event);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'its shape');
    throw new InvalidLabelEventError(`does not fit in ${[...new Set(fields)].join(', ')}`);
  }
  const { resources, detail } = parsed.data;
  if (!isSecretOf(resources[0] ?? '', detail.name, neighbour)) {
    throw new InvalidLabelEventError(
      'names in resources another secret than in detail.name, or one of another account or region',
    );
  }
  return parsed.data;
}
