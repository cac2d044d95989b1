/** A SecureString of Parameter Store. It is not written again when it holds the value already. */
import type { SyncTargetOf } from '../environment.ts';
import { ReadBackError } from '../errors.ts';
import type { MakeCopy } from './copy.ts';
import { isSameText } from './same-text.ts';

export const copyToParameter: MakeCopy<SyncTargetOf<'ssm'>> = async (
  { parameters },
  { target: { parameter, kmsKeyArn, tier }, text },
) => {
  const before = await parameters.read(parameter);
  if (before !== undefined && isSameText(before.value, text)) {
    return { wrote: false, readBack: 'equal', version: before.version };
  }
  const written = await parameters.put({ name: parameter, keyId: kmsKeyArn, value: text, tier });
  const after = await parameters.read(parameter);
  if (after === undefined) throw new ReadBackError('the parameter is gone');
  if (!isSameText(after.value, text)) {
    throw new ReadBackError(
      `version ${after.version} holds another value, ${written.version} was written`,
    );
  }
  return { wrote: true, readBack: 'equal', version: after.version };
};
