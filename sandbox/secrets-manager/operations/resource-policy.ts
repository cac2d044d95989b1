import type { PolicyDocument } from '../../iam/policy.ts';
import { type Operation, ServiceException } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { requiredString, secretId } from '../input.ts';

export function putResourcePolicy(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('PutResourcePolicy', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const policy = parse(requiredString(input, 'ResourcePolicy', 1, 20_480));
      const secret = backend.store.live(secretId(input));
      changeSecret(backend, secret, (draft) => {
        draft.policy = policy;
      });
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

export function getResourcePolicy(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('GetResourcePolicy', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const secret = backend.store.live(secretId(input));
      const { policy } = secret.state;
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(policy === undefined ? {} : { ResourcePolicy: JSON.stringify(policy) }),
      };
    },
  };
}

export function deleteResourcePolicy(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('DeleteResourcePolicy', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const secret = backend.store.live(secretId(input));
      changeSecret(backend, secret, (draft) => {
        delete draft.policy;
      });
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

function parse(text: string): PolicyDocument {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === 'object' && policy !== null && 'Statement' in policy) {
      return policy as PolicyDocument;
    }
  } catch {
    // answered below, as AWS does, without saying where the document breaks
  }
  throw new ServiceException(
    'MalformedPolicyDocumentException',
    'This resource policy contains a syntax error.',
  );
}
