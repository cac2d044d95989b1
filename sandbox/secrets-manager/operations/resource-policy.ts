import type { PolicyDocument, Statement } from '../../iam/policy.ts';
import { type Operation, ServiceException } from '../../service.ts';
import { checkAccount, checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { optionalBoolean, optionalString, requiredString, secretId } from '../input.ts';

export function putResourcePolicy(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('PutResourcePolicy', backend.store.get(secretId(input)), input, {
        'secretsmanager:BlockPublicPolicy': String(
          optionalBoolean(input, 'BlockPublicPolicy') ?? false,
        ),
      }),
    ],
    run: async (input) => {
      const policy = parse(requiredString(input, 'ResourcePolicy', 1, 20_480));
      const secret = backend.store.live(secretId(input));
      if (optionalBoolean(input, 'BlockPublicPolicy') === true && isBroad(policy)) {
        // The text of the error in the API reference.
        throw new ServiceException(
          'PublicPolicyException',
          'The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the secret.',
        );
      }
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

/**
 * Checks without effect. Of the three checks of the service the stand-in does syntax, and a plain form of
 * broad access; the texts are its own, AWS documents none. Needs PutResourcePolicy, too.
 */
export function validateResourcePolicy(backend: Backend): Operation {
  return {
    authorize: (input) => {
      const given = optionalString(input, 'SecretId');
      if (given === undefined) {
        return ['ValidateResourcePolicy', 'PutResourcePolicy'].map((name) => checkAccount(name));
      }
      const secret = backend.store.get(given);
      return ['ValidateResourcePolicy', 'PutResourcePolicy'].map((name) =>
        checkSecret(name, secret, input),
      );
    },
    run: async (input) => {
      const policy = parse(requiredString(input, 'ResourcePolicy', 1, 20_480));
      if (!isBroad(policy)) {
        return { PolicyValidationPassed: true, ValidationErrors: [] };
      }
      const problem = {
        CheckName: 'BroadAccess',
        ErrorMessage: 'The resource policy grants access to every principal.',
      };
      return { PolicyValidationPassed: false, ValidationErrors: [problem] };
    },
  };
}

/** Allowed to everybody, without a condition. The service asks an automated reasoning engine (Zelkova). */
function isBroad({ Statement }: PolicyDocument): boolean {
  const statements = [Statement].flat() as Statement[];
  return statements.some(
    ({ Effect, Principal, NotPrincipal, Condition }) =>
      Effect === 'Allow' &&
      Condition === undefined &&
      (NotPrincipal !== undefined || namesEverybody(Principal)),
  );
}

function namesEverybody(principal: Statement['Principal']): boolean {
  const named = typeof principal === 'string' ? [principal] : [principal?.AWS ?? []].flat();
  return named.includes('*');
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
