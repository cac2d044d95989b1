/** Secrets Manager's errors, with the texts it gives (recorded or documented, see the tests). */
import { ServiceException } from '../service.ts';

export const invalidParameter = (message: string): ServiceException =>
  new ServiceException('InvalidParameterException', message);

export const invalidRequest = (message: string): ServiceException =>
  new ServiceException('InvalidRequestException', message);

export const notFound = (message: string): ServiceException =>
  new ServiceException('ResourceNotFoundException', message);

export const exists = (message: string): ServiceException =>
  new ServiceException('ResourceExistsException', message);

export const limitExceeded = (message: string): ServiceException =>
  new ServiceException('LimitExceededException', message);

export const accessDenied = (message: string): ServiceException =>
  new ServiceException('AccessDeniedException', message);

export const validation = (message: string): ServiceException =>
  new ServiceException('ValidationException', message);

export const secretNotFound = (): ServiceException =>
  notFound("Secrets Manager can't find the specified secret.");

export const markedForDeletion = (): ServiceException =>
  invalidRequest(
    "You can't perform this operation on the secret because it was marked for deletion.",
  );

/** A cause AWS documents for InvalidRequestException (API_PutSecretValue, API_RotateSecret, …). */
export const managedByAnotherService = (): ServiceException =>
  invalidRequest(
    'The secret is managed by another service, and you must use that service to update it.',
  );

/** The service documents that replicas are read-only, not the text of its refusal. */
export const isReplica = (): ServiceException =>
  invalidRequest(
    'Operation not permitted on a replica secret. Call must be made in primary region.',
  );

export const rotationNotComplete = (): ServiceException =>
  invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");

export const cannotInvoke = (): ServiceException =>
  accessDenied(
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );

export const noToken =
  'You must provide a ClientRequestToken value. We recommend a UUID-type value.';
